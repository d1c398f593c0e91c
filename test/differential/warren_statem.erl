%% Machines as data: a gen_statem whose table says what each event does in each state. It writes down each event that it
%% sees, and who is answered what. The same table runs on Warren (statems.ts).
-module(warren_statem).
-behaviour(gen_statem).
-export([main/2, init/1, callback_mode/0, handle_event/4, terminate/3]).

%% So many events have a meaning; later ones are only written down, so that every machine comes to rest.
-define(EVENTS_MAX, 40).
%% Nothing for so long, and the machine has come to rest: its longest timeout is 20 ms.
-define(REST_MS, 600).
-define(AT_ONCE, 100).

main(In, Out) ->
    {ok, Programs} = file:consult(In),
    {ok, File} = file:open(Out, [write]),
    run_all(Programs, File),
    file:close(File),
    halt(0).

run_all([], _) -> ok;
run_all(Programs, File) ->
    {Some, Rest} = lists:split(min(?AT_ONCE, length(Programs)), Programs),
    Me = self(),
    Pids = [spawn(fun() -> Me ! {self(), run(Program)} end) || Program <- Some],
    [receive {Pid, Line} -> io:format(File, "~s~n", [Line]) end || Pid <- Pids],
    run_all(Rest, File).

run({Enters, First, Rows, Burst}) ->
    process_flag(trap_exit, true),
    Me = self(),
    {ok, Pid} = gen_statem:start(?MODULE, {Me, Enters, First, Rows, Burst}, []),
    rest(Pid, [], []).

%% A second answer to one call goes nowhere, as with the alias of gen_statem:call.
rest(Pid, Seen, Answered) ->
    receive
        {seen, Text} ->
            rest(Pid, [Text | Seen], Answered);
        {K, Answer} ->
            case lists:member(K, Answered) of
                true -> rest(Pid, Seen, Answered);
                false -> rest(Pid, [io_lib:format("~p answered ~p", [K, Answer]) | Seen], [K | Answered])
            end
    after ?REST_MS ->
        exit(Pid, kill),
        lists:join(";", lists:reverse(Seen))
    end.

callback_mode() ->
    case get(enters) of
        true -> [handle_event_function, state_enter];
        false -> handle_event_function
    end.

%% All messages are there before the machine takes the first.
init({Test, Enters, {State, Actions}, Rows, Burst}) ->
    put(enters, Enters),
    put(test, Test),
    lists:foldl(fun({Kind, Name}, K) -> self() ! message(Kind, {Name, K}, Test), K + 1 end, 1, Burst),
    {ok, State, {maps:from_list(Rows), 0}, [action(Action, 0, none) || Action <- Actions]}.

message(cast, Content, _) -> {'$gen_cast', Content};
message(call, {_, K} = Content, Test) -> {'$gen_call', {Test, K}, Content};
message(info, Content, _) -> Content.

handle_event(Type, Content, State, {Rows, N}) ->
    see("~p ~s", [State, shown(Type, Content)]),
    Data = {Rows, N + 1},
    case N < ?EVENTS_MAX andalso maps:find({State, key(Type, Content)}, Rows) of
        {ok, Results} ->
            {Go, Actions} = lists:nth(N rem length(Results) + 1, Results),
            result(Go, Data, [action(Action, N, Type) || Action <- Actions, Action =/= reply orelse is_call(Type)]);
        _ ->
            {keep_state, Data}
    end.

result(keep, Data, Actions) -> {keep_state, Data, Actions};
result(repeat, Data, Actions) -> {repeat_state, Data, Actions};
result(stop, Data, Actions) -> {stop_and_reply, done, [Reply || {reply, _, _} = Reply <- Actions], Data};
result(State, Data, Actions) -> {next_state, State, Data, Actions}.

is_call({call, _}) -> true;
is_call(_) -> false.

action(postpone, _, _) -> postpone;
action(reply, N, {call, From}) -> {reply, From, N};
action({next, Kind, Name}, N, _) -> {next_event, Kind, {Name, N}};
action({st, Ms}, N, _) -> {state_timeout, Ms, N};
action({et, Ms}, N, _) -> {timeout, Ms, N};
action({Name, Ms}, N, _) -> {{timeout, Name}, Ms, N}.

key({call, _}, {Name, _}) -> {call, Name};
key({timeout, Name}, _) -> Name;
key(state_timeout, _) -> st;
key(timeout, _) -> et;
key(enter, _) -> enter;
key(Kind, {Name, _}) -> {Kind, Name}.

shown({call, _}, {Name, K}) -> io_lib:format("call ~p ~p", [Name, K]);
shown({timeout, Name}, N) -> io_lib:format("~p ~p", [Name, N]);
shown(state_timeout, N) -> io_lib:format("st ~p", [N]);
shown(timeout, N) -> io_lib:format("et ~p", [N]);
shown(enter, From) -> io_lib:format("enter ~p", [From]);
shown(Kind, {Name, K}) -> io_lib:format("~p ~p ~p", [Kind, Name, K]).

terminate(_, State, _) -> see("~p ends", [State]).

see(Format, Args) -> get(test) ! {seen, lists:flatten(io_lib:format(Format, Args))}.
