%% The servers and supervised children of the programs: gen_servers that do what their plan says and write down what they see.
-module(warren_server).
-behaviour(gen_server).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, handle_continue/2, terminate/2]).

-record(s, {reactions, caller = none, child = none}).

%% Init plans of the first, second ... start (the last goes on for ever), and how many starts end just after init.
init({W, {child, N, I}, {Inits, Server, Life}}) ->
    {Label, G} = warren_differential:child(W, N, I),
    warren_differential:enter(W, Label, #{}),
    warren_differential:log_to({N, 0}, {begun, I, G}),
    begin_with(lists:nth(min(G, length(Inits)), Inits), Server, Life, G, {{N, 0}, I, G});
init({W, Label, {[Init], Server, Life}}) ->
    warren_differential:enter(W, Label, #{}),
    begin_with(Init, Server, Life, 1, none).

begin_with(Init, {Traps, Reactions}, {ShortLives, Reason}, G, Child) ->
    process_flag(trap_exit, Traps),
    S = #s{reactions = Reactions, child = Child},
    case Init of
        {ok} when G =< ShortLives -> {ok, S, {continue, {stop, Reason}}};
        {ok} -> {ok, S};
        {ignore} -> ignore;
        {stop, Why} -> {stop, Why};
        {crash} -> erlang:error(boom)
    end.

handle_call({request, K}, {P, _} = From, S) ->
    warren_differential:log({call, K, from, P}),
    S1 = answer_late(S),
    case reaction(K, S) of
        {reply} -> {reply, K, S1};
        {silent} -> {noreply, S1};
        {later} -> {noreply, S1#s{caller = From}};
        {stop_reply, Reason} -> {stop, Reason, K, S1};
        {continue_stop, Reason} -> {reply, K, S1, {continue, {stop, Reason}}};
        Other -> plainly(Other, S1)
    end.

handle_cast({request, K}, S) ->
    warren_differential:log({cast, K}),
    S1 = answer_late(S),
    case reaction(K, S) of
        {stop_reply, Reason} -> {stop, Reason, S1};
        {continue_stop, Reason} -> {noreply, S1, {continue, {stop, Reason}}};
        Other -> plainly(Other, S1)
    end.

handle_info(Message, S) ->
    warren_differential:seen(Message),
    {noreply, S}.

handle_continue({stop, Reason}, S) ->
    warren_differential:log({continue}),
    {stop, Reason, S}.

terminate(Reason, #s{child = none}) ->
    warren_differential:log({terminate, Reason});
terminate(Reason, #s{child = {Label, I, G}}) ->
    warren_differential:log_to(Label, {ended, I, G, Reason}).

reaction(K, #s{reactions = Reactions}) -> lists:nth(K + 1, Reactions).

plainly({stop, Reason}, S) -> {stop, Reason, S};
plainly({exit, Reason}, _) -> exit(Reason);
plainly({crash}, _) -> erlang:error(boom);
plainly(_, S) -> {noreply, S}.

answer_late(#s{caller = none} = S) -> S;
answer_late(#s{caller = From} = S) ->
    gen_server:reply(From, late),
    S#s{caller = none}.
