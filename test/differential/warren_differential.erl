%% Interprets the programs of program.ts on Erlang/OTP. Reads one term a line from standard input:
%%   {Id, Slot, UnitMs, Noise, Program}.
%% and answers with one line for each, in any order: "Id outcome", or "Id ! why" when the program did not come to rest.
%% Slot keeps the registered names of programs that run at the same time apart. Noise is 0 (none), 1 (yields) or 2
%% (short sleeps) before some steps, to provoke other orders. An outcome is what each process saw, in its order:
%%   0+[m 1 from 2;timeout] 1-[] 2-[exit 0 normal]      (+ still there, - dead)
-module(warren_differential).
-export([main/0]).
-export([enter/3, after_start/3, child/3, failed/1, label/2, log/1, log_to/2, seen/1]).

-record(w, {t, progress, slot, unit, noise, gated, roles}).

-define(NAMES, 4).
-define(REST_MS, 2).
-define(PATIENCE_MS, 20000).

main() ->
    %% A process that waits for a module to be loaded would look as if it were at rest.
    Modules = lists:append([element(2, application:get_key(A, modules)) || A <- [kernel, stdlib]]),
    [code:ensure_loaded(M) || M <- Modules ++ [warren_server, warren_supervisor]],
    io:setopts([{encoding, latin1}]),
    io:put_chars(["ready ", erlang:system_info(otp_release), "\n"]),
    loop().

loop() ->
    case io:get_line('') of
        Line when is_list(Line) ->
            {ok, Tokens, _} = erl_scan:string(Line),
            {ok, {Id, Slot, Unit, Noise, Program}} = erl_parse:parse_term(Tokens),
            spawn(fun() -> answer(Id, Slot, Unit, Noise, Program) end),
            loop();
        _ ->
            halt(0)
    end.

answer(Id, Slot, Unit, Noise, Program) ->
    Text = try run(Slot, Unit, Noise, Program)
           catch Class:Why:Stack ->
               io_lib:format("! ~0p", [{Class, Why, Stack}])
           end,
    io:put_chars([integer_to_list(Id), " ", Text, "\n"]).

run(Slot, Unit, Noise, {Gated, Roles}) ->
    T = ets:new(t, [public, ordered_set]),
    W = #w{t = T, progress = atomics:new(1, []), slot = Slot, unit = Unit, noise = Noise, gated = Gated,
           roles = list_to_tuple(Roles)},
    {Main, _} = spawn_monitor(fun() -> role(W, 0, #{}) end),
    ets:insert(T, {{pid, Main}, {0, 0}}),
    settle(W, -1, erlang:monotonic_time(millisecond) + ?PATIENCE_MS),
    Text = outcome(W),
    clean(W),
    ets:delete(T),
    Text.

%% At rest: everybody is dead or waits, nobody's time is running, and nothing has happened between two looks.
settle(W, Before, Deadline) ->
    timer:sleep(?REST_MS),
    Now = atomics:get(W#w.progress, 1),
    %% One look is no moment: who was seen waiting first may have been woken by who was seen waiting last.
    case Now =:= Before andalso lists:all(fun(_) -> is_resting(W) end, [1, 2, 3])
         andalso atomics:get(W#w.progress, 1) =:= Now of
        true -> ok;
        false ->
            case erlang:monotonic_time(millisecond) > Deadline of
                true -> exit({no_rest, restless(W)});
                false -> settle(W, Now, Deadline)
            end
    end.

restless(#w{t = T} = W) ->
    {W#w.roles, [{Label, process_info(P, [status, links, monitors, messages])}
                 || {{pid, P}, Label} <- ets:match_object(T, {{pid, '_'}, '_'}), not is_waiting(T, P)]}.

is_resting(#w{t = T}) ->
    lists:all(fun({{pid, P}, _}) -> is_waiting(T, P) end, ets:match_object(T, {{pid, '_'}, '_'}))
        andalso lists:all(fun({{timer, R}, _}) -> erlang:read_timer(R) =:= false end,
                          ets:match_object(T, {{timer, '_'}, '_'})).

%% A tie to somebody who is dead means that the news is still under way: its process was held up while it ended.
is_waiting(T, P) ->
    case process_info(P, [status, links, monitors]) of
        undefined -> true;
        [{status, waiting}, {links, Links}, {monitors, Monitors}] ->
            ets:lookup(T, {timed, P}) =:= []
                andalso lists:all(fun(Who) -> is_there(T, Who) end, Links)
                andalso lists:all(fun({process, Who}) -> is_watched(T, P, Who) end, Monitors);
        _ -> false
    end.

%% A monitor by name stays when the name goes from its process.
is_watched(T, P, {Name, _}) ->
    whereis(Name) =/= undefined orelse
        lists:any(fun({{pid, Q}, _}) ->
                      case process_info(Q, monitored_by) of
                          {monitored_by, Watching} -> lists:member(P, Watching);
                          undefined -> false
                      end
                  end, ets:match_object(T, {{pid, '_'}, '_'}));
is_watched(T, _, Who) ->
    is_there(T, Who).

%% One that nobody knows yet has just been spawned, or works for a call: it is at rest when it waits.
is_there(T, P) ->
    case process_info(P, status) of
        undefined -> false;
        {status, waiting} -> true;
        _ -> ets:member(T, {pid, P})
    end.

outcome(#w{t = T}) ->
    Pids = [{K, P} || {{pid, P}, K} <- ets:match_object(T, {{pid, '_'}, '_'})],
    Labels = lists:usort([L || {L, _} <- Pids] ++ [L || [L] <- ets:match(T, {{log, '$1', '_'}, '_'})]),
    lists:join(" ", [outcome(T, Pids, L) || L <- Labels]).

outcome(T, Pids, Label) ->
    Lines = [render(T, E) || [E] <- ets:match(T, {{log, Label, '_'}, '$1'})],
    Sign = case lists:any(fun({L, P}) -> L =:= Label andalso is_process_alive(P) end, Pids) of
               true -> "+";
               false -> "-"
           end,
    [label(Label), Sign, "[", lists:join(";", Lines), "]"].

clean(W) ->
    Pids = [P || {{pid, P}, _} <- ets:match_object(W#w.t, {{pid, '_'}, '_'})],
    Alive = [{P, erlang:monitor(process, P)} || P <- Pids, is_process_alive(P)],
    [exit(P, kill) || {P, _} <- Alive],
    [receive {'DOWN', R, _, _, _} -> ok end || {_, R} <- Alive],
    case Alive of
        [] -> ok;
        _ -> clean(W)
    end.

%% What a process sees

log(Entry) ->
    #w{t = T, progress = C} = get(world),
    N = get(logged),
    put(logged, N + 1),
    ets:insert(T, {{log, get(me), N}, Entry}),
    atomics:add(C, 1, 1).

%% Into the lines that several processes share, in the order of time.
log_to(Label, Entry) ->
    #w{t = T, progress = C} = get(world),
    ets:insert(T, {{log, Label, ets:update_counter(T, {seq, Label}, 1, {{seq, Label}, 0})}, Entry}),
    atomics:add(C, 1, 1).

%% The label of a new start of a child, and which start it is.
child(W, N, I) ->
    G = ets:update_counter(W#w.t, {starts, N, I}, 1, {{starts, N, I}, 0}),
    {{10 * (N + 1) + I, G}, G}.

label(#w{t = T}, P) when is_pid(P) ->
    case ets:lookup(T, {pid, P}) of
        [{_, Label}] -> Label;
        [] -> unknown
    end;
label(_, State) -> State.

render(T, Entry) -> lists:join(" ", [item(T, I) || I <- tuple_to_list(Entry)]).

item(T, P) when is_pid(P) ->
    case ets:lookup(T, {pid, P}) of
        [{_, Label}] -> label(Label);
        [] -> "?"
    end;
item(_, I) when is_integer(I) -> integer_to_list(I);
item(_, calling_self) -> "callingSelf";
item(_, A) when is_atom(A) -> atom_to_list(A);
item(_, {boom, _}) -> "error";
item(T, {shutdown, {failed_to_start_child, I, Why}}) -> ["failed ", item(T, I), " ", item(T, Why)];
item(_, {{boom, _}, _}) -> "error";
item(_, {name, N}) -> ["n", integer_to_list(N)];
item(T, L) when is_list(L) -> ["(", lists:join(",", [item(T, I) || I <- L]), ")"];
item(T, X) when is_tuple(X) -> ["{", lists:join(",", [item(T, I) || I <- tuple_to_list(X)]), "}"];
item(_, X) -> io_lib:format("~0p", [X]).

label({N, 0}) -> integer_to_list(N);
label({N, G}) -> [integer_to_list(N), ".", integer_to_list(G)].

learn(N, P) -> put(env, (get(env))#{N => P}).

%% A process

role(W, N, Env) ->
    enter(W, {N, 0}, Env#{N => self()}),
    case W#w.gated andalso N > 0 of
        true -> receive {go, All} -> put(env, All) end;
        false -> ok
    end,
    {_, {script, Ops}} = element(N + 1, W#w.roles),
    case W#w.gated andalso N =:= 0 of
        true -> gate(W);
        false -> ok
    end,
    [begin noise(W), step(Op) end || Op <- Ops],
    ok.

enter(W, Label, Env) ->
    put(world, W),
    put(env, Env),
    put(me, Label),
    put(logged, 0),
    put(slots, #{}),
    ets:insert(W#w.t, {{pid, self()}, Label}),
    atomics:add(W#w.progress, 1, 1).

gate(W) ->
    Scripts = [N || N <- lists:seq(1, tuple_size(W#w.roles) - 1), is_script(W, N)],
    [begin noise(W), step({spawn, N}) end || N <- Scripts],
    All = get(env),
    [maps:get(N, All) ! {go, All} || N <- Scripts].

is_script(W, N) ->
    {_, Work} = element(N + 1, W#w.roles),
    element(1, Work) =:= script.

noise(#w{progress = C, noise = Noise}) ->
    atomics:add(C, 1, 1),
    case Noise of
        0 -> ok;
        1 -> [erlang:yield() || _ <- lists:seq(1, rand:uniform(3) - 1)];
        2 -> rand:uniform(3) =:= 1 andalso timed(fun() -> timer:sleep(1) end)
    end.

target(N) -> maps:find(N, get(env)).

with(N, Do) ->
    case target(N) of
        {ok, P} -> Do(P);
        error -> ok
    end.

slot(Kind, N) -> maps:find({Kind, N}, get(slots)).

put_slot(Kind, N, Value) -> put(slots, (get(slots))#{{Kind, N} => Value}).

name(N) ->
    #w{slot = Slot} = get(world),
    list_to_atom("warren_" ++ integer_to_list(Slot) ++ "_" ++ integer_to_list(N)).

name_of(Atom) -> hd([{name, N} || N <- lists:seq(0, ?NAMES - 1), name(N) =:= Atom]).

wait_ms({poll}) -> 0;
wait_ms({infinity}) -> infinity;
wait_ms({time, E}) -> (get(world))#w.unit * (1 bsl E).

%% Runs something that may wait for a time, and says so while it does.
timed(Do) ->
    #w{t = T} = get(world),
    ets:insert(T, {{timed, self()}, true}),
    try Do() after ets:delete(T, {timed, self()}) end.

timed_if({time, _} = Wait, Do) -> timed(fun() -> Do(wait_ms(Wait)) end);
timed_if(Wait, Do) -> Do(wait_ms(Wait)).

step({spawn, N}) ->
    W = get(world),
    {Kind, Work} = element(N + 1, W#w.roles),
    case Work of
        {script, _} ->
            Env = get(env),
            Body = fun() -> role(W, N, Env) end,
            P = case Kind of
                    {plain} -> spawn(Body);
                    {link} -> spawn_link(Body);
                    {monitor, Slot} ->
                        {Pid, Ref} = spawn_monitor(Body),
                        put_slot(monitor, Slot, Ref),
                        Pid
                end,
            ets:insert(W#w.t, {{pid, P}, {N, 0}}),
            learn(N, P);
        {server, Init, Server, Linked} ->
            started(N, start_server(W, {N, 0}, Linked, {[Init], Server, {0, normal}}));
        _ ->
            started(N, warren_supervisor:start(W, {N, Work}))
    end;
step({sup, To, Request}) ->
    W = get(world),
    {_, Work} = element(To + 1, W#w.roles),
    case Work of
        {supervisor, _, _, _, _} ->
            with(To, fun(P) -> log(warren_supervisor:ask(W, {P, To, Work}, Request)) end);
        _ -> ok
    end;
step({send, To, K}) ->
    with(To, fun(P) -> P ! {m, K, self()} end);
step({send_name, N, K}) ->
    log({send_name, N, try name(N) ! {m, K, self()}, ok catch error:badarg -> badarg end});
step({tell, To, About}) ->
    with(To, fun(P) -> with(About, fun(A) -> P ! {tell, About, A, self()} end) end);
step({recv, Match, Wait}) ->
    seen(timed_if(Wait, fun(Ms) -> recv(Match, Ms) end));
step({link, To}) ->
    %% A local dead process is an error at once for who does not trap; as an exit it is what Warren's signal does.
    with(To, fun(P) -> try link(P) catch error:noproc -> exit(noproc) end end);
step({unlink, To}) ->
    with(To, fun(P) -> unlink(P) end);
step({monitor, To, Slot}) ->
    with(To, fun(P) -> put_slot(monitor, Slot, erlang:monitor(process, P)) end);
step({monitor_name, N, Slot}) ->
    put_slot(monitor, Slot, erlang:monitor(process, name(N)));
step({demonitor, Slot, Flush}) ->
    case slot(monitor, Slot) of
        {ok, Ref} -> log({demonitor, Slot, erlang:demonitor(Ref, [info] ++ [flush || Flush])});
        error -> ok
    end;
step({exit, Reason}) ->
    exit(Reason);
step({exit_to, To, Reason}) ->
    with(To, fun(P) -> exit(P, Reason) end);
step({crash}) ->
    erlang:error(boom);
step({trap, On}) ->
    log({trap, process_flag(trap_exit, On)});
step({register, N, Who}) ->
    with(Who, fun(P) ->
        log({register, N, try register(name(N), P), ok catch error:badarg -> badarg end})
    end);
step({unregister, N}) ->
    log({unregister, N, try unregister(name(N)), ok catch error:badarg -> badarg end});
step({whereis, N}) ->
    log({whereis, N, whereis(name(N))});
step({alive, Who}) ->
    with(Who, fun(P) -> log({alive, Who, is_process_alive(P)}) end);
step({call, To, K, Wait}) ->
    with(To, fun(P) ->
        log(timed_if(Wait, fun(Ms) ->
            try {reply, To, gen_server:call(P, {request, K}, Ms)}
            catch exit:Why -> {call_failed, To, failed(Why)}
            end
        end))
    end);
step({cast, To, K}) ->
    with(To, fun(P) -> gen_server:cast(P, {request, K}) end);
step({stop, To, Reason, Wait}) ->
    %% Nobody can wait for their own end.
    with(To, fun(P) ->
        P =/= self() andalso log(timed_if(Wait, fun(Ms) ->
            try {stopped, To, gen_server:stop(P, Reason, Ms)}
            catch exit:Why -> {stop_failed, To, failed(Why)}
            end
        end))
    end);
step({send_after, Wait, To, K, Slot}) ->
    with(To, fun(P) -> send_after(Wait, P, K, Slot) end);
step({send_after_name, Wait, N, K, Slot}) ->
    send_after(Wait, name(N), K, Slot);
step({cancel, Slot}) ->
    case slot(timer, Slot) of
        {ok, Ref} -> log({cancel, Slot, erlang:cancel_timer(Ref) =/= false});
        error -> ok
    end.

started(N, {ok, P}) ->
    learn(N, P),
    log({start, N, ok});
started(N, ignore) ->
    log({start, N, ignored});
started(N, {error, Why}) ->
    log({start, N, Why}).

start_server(W, Label, Linked, Plan) ->
    Args = {W, Label, Plan},
    case Linked of
        true -> after_start(W, Label, gen_server:start_link(warren_server, Args, []));
        false -> dead(W, Label, gen_server:start(warren_server, Args, []))
    end.

%% A failed start_link is as since OTP 26: whoever does not trap is ended by the EXIT and sees no answer. Before, the
%% answer comes first, and so may the DOWN.
after_start(W, Label, Result) ->
    dead(W, Label, Result),
    case {Result, process_info(self(), trap_exit)} of
        {{error, Why}, {trap_exit, false}} when Why =/= normal -> receive '$ended' -> ok end;
        _ -> Result
    end.

%% A failed start leaves no EXIT behind, as since OTP 26; before, it stays in the mailbox of who traps.
dead(_, _, {ok, _} = Result) ->
    Result;
dead(W, Label, Result) ->
    [begin
         Ref = erlang:monitor(process, P),
         receive {'DOWN', Ref, _, _, _} -> ok end,
         receive {'EXIT', P, _} -> ok after 0 -> ok end
     end || [P] <- ets:match(W#w.t, {{pid, '$1'}, Label})],
    Result.

%% What a failed call says, without who called what.
failed({Why, {gen_server, call, _}}) -> Why;
failed({Why, {sys, terminate, _}}) -> Why;
failed(Why) -> Why.

send_after(Wait, To, K, Slot) ->
    Ref = erlang:send_after(wait_ms(Wait), To, {m, K, timer}),
    ets:insert((get(world))#w.t, {{timer, Ref}, true}),
    put_slot(timer, Slot, Ref).

recv({any}, Ms) -> receive M -> M after Ms -> timeout end;
recv({number, K}, Ms) -> receive {m, K, _} = M -> M after Ms -> timeout end;
recv({exit}, Ms) -> receive {'EXIT', _, _} = M -> M after Ms -> timeout end;
recv({down}, Ms) -> receive {'DOWN', _, _, _, _} = M -> M after Ms -> timeout end;
recv({never}, Ms) -> receive after Ms -> timeout end.

seen(timeout) -> log({timeout});
seen({m, K, From}) -> log({m, K, from, From});
seen({tell, N, P, From}) -> learn(N, P), log({tell, N, from, From});
seen({'$gen_call', {P, _}, {request, K}}) -> log({call, K, from, P});
seen({'$gen_cast', {request, K}}) -> log({cast, K});
seen({system, _, {terminate, R}}) -> log({stop, R});
seen({'EXIT', P, R}) -> log({exit, P, R});
seen({'DOWN', Ref, process, Object, R}) -> log({down, slot_of(Ref), object(Object), R}).

slot_of(Ref) ->
    case [N || {{monitor, N}, R} <- maps:to_list(get(slots)), R =:= Ref] of
        [N] -> N;
        [] -> lost
    end.

object({Name, _}) -> name_of(Name);
object(P) -> P.
