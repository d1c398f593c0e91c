%% Question: how fast is the BEAM at the work of our runtime cases? One case per emulator, one sample per line on stdin.
%% Each line "SECONDS" answers with one JSON line {"case": ..., "value": ..., "unit": ...}. Every sample runs in a fresh
%% process; set-up is not counted. Cases named "-cross" want two schedulers and pin their two sides to one each.
-module(warren_bench).
-export([main/1, init/1, handle_call/3, handle_cast/2, start_child/1, child/1]).
-behaviour(gen_server).

main([Name]) ->
    %% Supervisor reports would be formatted and printed between the figures.
    ok = logger:set_primary_config(level, none),
    loop(atom_to_list(Name)).

loop(Name) ->
    case io:get_line("") of
        eof -> halt(0);
        {error, _} -> halt(1);
        Line ->
            {Seconds, _} = string:to_float(string:trim(Line)),
            Self = self(),
            {_, Monitor} = spawn_opt(fun() -> Self ! {sample, run(Name, round(Seconds * 1.0e9))} end,
                                     [monitor | side(a, Name)]),
            receive
                {sample, {Value, Unit}} ->
                    erlang:demonitor(Monitor, [flush]),
                    io:format("{\"case\":\"~s\",\"value\":~f,\"unit\":\"~s\"}~n", [Name, float(Value), Unit]),
                    loop(Name);
                {'DOWN', Monitor, process, _, Reason} ->
                    io:format(standard_error, "~p~n", [Reason]),
                    halt(1)
            end
    end.

%% ---- the cases -------------------------------------------------------------------------------------------------

run("spawn-exit", Ns) ->
    {repeat(Ns, 1000, fun() -> spawn_batch(1000) end), "spawns/s"};
run("spawn-link-exit", Ns) ->
    process_flag(trap_exit, true),
    {repeat(Ns, 100, fun() -> times(100, fun() ->
        P = spawn_link(fun() -> ok end),
        receive {'EXIT', P, normal} -> ok end
    end) end), "spawns/s"};
run("spawn-monitor-down", Ns) ->
    {repeat(Ns, 100, fun() -> times(100, fun() ->
        {_, M} = spawn_monitor(fun() -> ok end),
        receive {'DOWN', M, process, _, normal} -> ok end
    end) end), "spawns/s"};
run("idle-bytes", _) ->
    {idle_bytes(100000), "B"};
run("idle-bytes-million", _) ->
    {idle_bytes(1000000), "B"};
run("ping-pong" ++ _ = Name, Ns) ->
    Echo = spawn_opt(fun echo/0, [link | side(b, Name)]),
    {repeat(Ns, 1000, fun() -> ping(Echo, 1000) end), "round trips/s"};
run("one-way" ++ _ = Name, Ns) ->
    Self = self(),
    Sink = spawn_opt(fun() -> sink(Self, 1000) end, [link | side(b, Name)]),
    blast(Sink, 1000),
    Rate = repeat(Ns, 1000, fun() -> blast(Sink, 1000), receive window -> ok end end),
    receive window -> ok end,
    {Rate, "msgs/s"};
run("call-ref-behind-10k", Ns) ->
    times(10000, fun() -> self() ! junk end),
    Echo = spawn_link(fun ref_echo/0),
    {repeat(Ns, 1000, fun() -> ref_call(Echo, 1000) end), "calls/s"};
run("call-ref", Ns) ->
    Echo = spawn_link(fun ref_echo/0),
    {repeat(Ns, 1000, fun() -> ref_call(Echo, 1000) end), "calls/s"};
run("gen-server-call" ++ _ = Name, Ns) ->
    {ok, Server} = gen_server:start_link(?MODULE, [], [{spawn_opt, side(b, Name)}]),
    {repeat(Ns, 1000, fun() -> times(1000, fun() -> gen_server:call(Server, ping) end) end), "calls/s"};
run("gen-server-cast" ++ _ = Name, Ns) ->
    {ok, Server} = gen_server:start_link(?MODULE, [], [{spawn_opt, side(b, Name)}]),
    %% A call every 1000 casts keeps the mailbox bounded.
    {repeat(Ns, 1000, fun() ->
        times(1000, fun() -> gen_server:cast(Server, ping) end),
        gen_server:call(Server, ping)
    end), "msgs/s"};
run("ring", Ns) ->
    First = ring(1000),
    {repeat(Ns, 10000, fun() -> First ! {hop, self(), 10000}, receive hopped -> ok end end), "hops/s"};
run("fan-in", Ns) ->
    Self = self(),
    Senders = [spawn_link(fun() -> fan_in_sender(Self) end) || _ <- lists:seq(1, 1000)],
    {repeat(Ns, 10000, fun() -> [S ! {send, 10} || S <- Senders], drain(10000) end), "msgs/s"};
run("fan-out", Ns) ->
    Self = self(),
    Receivers = [spawn_link(fun() -> fan_out_receiver(Self, 10) end) || _ <- lists:seq(1, 1000)],
    {repeat(Ns, 10000, fun() ->
        times(10, fun() -> lists:foreach(fun(R) -> R ! item end, Receivers) end),
        drain(1000)
    end), "msgs/s"};
run("timer-start-cancel", Ns) ->
    {repeat(Ns, 1000, fun() -> times(1000, fun() ->
        erlang:cancel_timer(erlang:send_after(60000, self(), fired))
    end) end), "timers/s"};
run("timer-start-cancel-live", Ns) ->
    %% 100,000 timers are live at once: all are started, then all are cancelled.
    {repeat(Ns, 100000, fun() ->
        Timers = [erlang:send_after(60000, self(), fired) || _ <- lists:seq(1, 100000)],
        lists:foreach(fun erlang:cancel_timer/1, Timers)
    end), "timers/s"};
run("timer-fire", Ns) ->
    {repeat(Ns, 1000, fun() ->
        times(1000, fun() -> erlang:send_after(0, self(), item) end),
        drain(1000)
    end), "timers/s"};
run("bytes-1kib-cross", Ns) ->
    bytes(1024, Ns);
run("bytes-64kib-cross", Ns) ->
    bytes(65536, Ns);
run("tick-beside-10-busy", _) ->
    {tick_lateness(normal), "ms"};
run("tick-beside-10-busy-high", _) ->
    {tick_lateness(high), "ms"};
run("supervisor-restart-burst", Ns) ->
    _ = bursts(Ns div 10, 0, 0),
    {bursts(Ns, 0, 0), "restarts/s"};
run("supervisor-restart-sustained", Ns) ->
    Supervisor = start_supervisor(100),
    Rate = repeat(Ns, 100, fun() -> restart_all(100) end),
    stop_supervisor(Supervisor),
    {Rate, "restarts/s"}.

%% ---- bytes from scheduler to scheduler (by reference), and a tick of 1 kHz -----------------------------------------

bytes(Size, Ns) ->
    Self = self(),
    Item = binary:copy(<<0>>, Size),
    Sink = spawn_opt(fun() -> any_sink(Self, 1000) end, [link | side(b, "bytes-cross")]),
    {repeat(Ns, 1000, fun() -> times(1000, fun() -> Sink ! Item end), receive window -> ok end end), "msgs/s"}.

any_sink(Owner, 0) -> Owner ! window, any_sink(Owner, 1000);
any_sink(Owner, N) -> receive _ -> any_sink(Owner, N - 1) end.

%% The 99th percentile of a thousand ticks of one ms, beside ten processes that compute.
tick_lateness(Priority) ->
    Self = self(),
    Busy = [spawn_link(fun spin/0) || _ <- lists:seq(1, 10)],
    spawn_opt(fun() ->
        Due = erlang:monotonic_time(nanosecond) + 1000000,
        Self ! {late, lists:sort(ticks(1000, Due, []))}
    end, [link, {priority, Priority}]),
    receive {late, Late} ->
        [begin unlink(P), exit(P, kill) end || P <- Busy],
        lists:nth(990, Late) / 1.0e6
    end.

ticks(0, _, Late) -> Late;
ticks(N, Due, Late) ->
    erlang:send_after(Due div 1000000 + 1, self(), tick, [{abs, true}]),
    receive tick -> ok end,
    Now = erlang:monotonic_time(nanosecond),
    ticks(N - 1, max(Due + 1000000, Now), [max(0, Now - Due) | Late]).

spin() -> spin(0).
spin(N) -> spin((N * 31 + 1) rem 65536).

%% ---- the two sides of a case -------------------------------------------------------------------------------------

%% The scheduler option is undocumented; erts uses it in its own tests, and nothing else keeps two processes apart.
side(Side, Name) ->
    case lists:suffix("-cross", Name) of
        true when Side =:= a -> [{scheduler, 1}];
        true -> [{scheduler, 2}];
        false -> []
    end.

spawn_batch(Count) ->
    Self = self(),
    times(Count - 1, fun() -> spawn(fun() -> ok end) end),
    spawn(fun() -> Self ! spawned end),
    receive spawned -> ok end.

idle_bytes(Count) ->
    erlang:garbage_collect(),
    Before = erlang:memory(processes),
    Idle = [spawn(fun idle/0) || _ <- lists:seq(1, Count)],
    %% Every process has run once and waits when the last one has answered.
    lists:foreach(fun(P) -> P ! {are_you_idle, self()} end, [lists:last(Idle)]),
    receive idle -> ok end,
    Bytes = (erlang:memory(processes) - Before) / Count,
    lists:foreach(fun(P) -> exit(P, kill) end, Idle),
    wait_dead(Idle),
    %% The list of pids (two words each) is part of this process, not of the idle ones.
    Bytes - 16.

idle() ->
    receive {are_you_idle, From} -> From ! idle, idle() end.

wait_dead([]) -> ok;
wait_dead([P | Rest]) ->
    M = monitor(process, P),
    receive {'DOWN', M, process, _, _} -> wait_dead(Rest) end.

echo() ->
    receive {ping, From} -> From ! pong, echo() end.

ping(_, 0) -> ok;
ping(Echo, N) ->
    Echo ! {ping, self()},
    receive pong -> ping(Echo, N - 1) end.

ref_echo() ->
    receive {call, From, Ref} -> From ! {reply, Ref}, ref_echo() end.

ref_call(_, 0) -> ok;
ref_call(Echo, N) ->
    Ref = make_ref(),
    Echo ! {call, self(), Ref},
    receive {reply, Ref} -> ref_call(Echo, N - 1) end.

blast(_, 0) -> ok;
blast(Sink, N) ->
    Sink ! item,
    blast(Sink, N - 1).

sink(Owner, 0) -> Owner ! window, sink(Owner, 1000);
sink(Owner, N) -> receive item -> sink(Owner, N - 1) end.

drain(0) -> ok;
drain(N) -> receive item -> drain(N - 1) end.

ring(Size) ->
    Self = self(),
    First = spawn_link(fun() -> receive {next, Next} -> ring_member(Next) end end),
    Last = lists:foldl(fun(_, Next) -> spawn_link(fun() -> ring_member(Next) end) end, First, lists:seq(2, Size)),
    First ! {next, Last},
    First ! {hop, Self, Size},
    receive hopped -> First end.

ring_member(Next) ->
    receive
        {hop, Owner, 0} -> Owner ! hopped;
        {hop, Owner, N} -> Next ! {hop, Owner, N - 1}
    end,
    ring_member(Next).

fan_in_sender(Owner) ->
    receive {send, N} -> blast(Owner, N), fan_in_sender(Owner) end.

fan_out_receiver(Owner, 0) -> Owner ! item, fan_out_receiver(Owner, 10);
fan_out_receiver(Owner, N) -> receive item -> fan_out_receiver(Owner, N - 1) end.

%% ---- supervisor: the children report to the sampling process, which kills them all and waits for all of them -------

start_supervisor(Children) ->
    Specs = [#{id => Id, start => {?MODULE, start_child, [self()]}} || Id <- lists:seq(1, Children)],
    Flags = #{strategy => one_for_one, intensity => 1000000000, period => 3600},
    {ok, Supervisor} = supervisor:start_link(?MODULE, {supervisor, Flags, Specs}),
    Supervisor.

stop_supervisor(Supervisor) ->
    unlink(Supervisor),
    M = monitor(process, Supervisor),
    exit(Supervisor, shutdown),
    receive {'DOWN', M, process, _, _} -> ok end,
    flush().

flush() -> receive _ -> flush() after 0 -> ok end.

start_child(Owner) -> {ok, spawn_link(?MODULE, child, [Owner])}.

child(Owner) -> Owner ! {started, self()}, receive stop -> ok end.

collect(0, Pids) -> Pids;
collect(N, Pids) -> receive {started, P} -> collect(N - 1, [P | Pids]) end.

%% Kills those that have reported; the reports of their successors are left for the next round.
restart_all(Children) ->
    lists:foreach(fun(P) -> exit(P, kill) end, collect(Children, [])).

%% A fresh supervisor for each burst has no restart history; starting and stopping it is not counted.
bursts(Ns, Restarts, Spent) when Spent >= Ns -> Restarts * 1.0e9 / Spent;
bursts(Ns, Restarts, Spent) ->
    Supervisor = start_supervisor(100),
    Pids = collect(100, []),
    Start = erlang:monotonic_time(nanosecond),
    lists:foreach(fun(P) -> exit(P, kill) end, Pids),
    collect(100, []),
    Took = erlang:monotonic_time(nanosecond) - Start,
    stop_supervisor(Supervisor),
    bursts(Ns, Restarts + 100, Spent + Took).

%% ---- gen_server and supervisor callbacks --------------------------------------------------------------------------

init({supervisor, Flags, Specs}) -> {ok, {Flags, Specs}};
init([]) -> {ok, 0}.

handle_call(ping, _, Count) -> {reply, pong, Count + 1}.

handle_cast(ping, Count) -> {noreply, Count + 1}.

%% ---- measuring ----------------------------------------------------------------------------------------------------

times(0, _) -> ok;
times(N, Work) -> Work(), times(N - 1, Work).

%% Operations per second of Work, which does PerTurn of them; a tenth of the time goes to a warm-up.
repeat(Ns, PerTurn, Work) ->
    _ = timed(Ns div 10, Work),
    {Turns, Spent} = timed(Ns, Work),
    Turns * PerTurn * 1.0e9 / Spent.

timed(Ns, Work) ->
    Start = erlang:monotonic_time(nanosecond),
    timed(Start, Start + Ns, Work, 0).

timed(Start, End, Work, Turns) ->
    Work(),
    case erlang:monotonic_time(nanosecond) of
        Now when Now >= End -> {Turns + 1, Now - Start};
        _ -> timed(Start, End, Work, Turns + 1)
    end.
