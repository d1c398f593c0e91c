%% The supervisors of the programs. Begins and ends of all children stand in the supervisor's own lines, in the order in
%% which they happened; what a child sees besides stands in the lines of that start of it: 20.1 is the first start of
%% the first child of role 1.
-module(warren_supervisor).
-behaviour(supervisor).
-export([start/2, ask/3]).
-export([init/1, start_child/3]).

%% {W, N, {supervisor, Strategy, Intensity, AutoShutdown, Children}}
start(W, {N, _} = Plan) ->
    Result = supervisor:start_link(?MODULE, {W, Plan}),
    warren_differential:after_start(W, {N, 0}, Result).

init({W, {N, {supervisor, Strategy, Intensity, Auto, Children}}}) ->
    warren_differential:enter(W, {N, 0}, #{}),
    Flags = #{strategy => Strategy, intensity => Intensity, period => 3600, auto_shutdown => Auto},
    Specs = [spec(W, N, I, C) || {I, C} <- indexed(Children), Strategy =:= simple_one_for_one orelse not is_extra(C)],
    {ok, {Flags, Specs}}.

indexed(L) -> lists:zip(lists:seq(0, length(L) - 1), L).

is_extra({_, _, _, _, _, _, Extra, _}) -> Extra.

spec(W, N, I, {Restart, Shutdown, Significant, _, _, _, _, _} = Child) ->
    #{id => I, start => {?MODULE, start_child, [W, {N, I}, Child]}, restart => Restart, shutdown => Shutdown,
      significant => Significant, type => worker}.

start_child(W, {N, I}, {_, _, _, Inits, ShortLives, Reason, _, Server}) ->
    gen_server:start_link(warren_server, {W, {child, N, I}, {Inits, Server, {ShortLives, Reason}}}, []).

%% What a script asks a supervisor. {Kind, Child} with the spec of the child for `start`.
ask(W, {P, N, {supervisor, Strategy, _, _, Children}}, Request) ->
    try answer(W, P, N, Strategy, Children, Request)
    catch exit:Why -> {sup_failed, warren_differential:failed(Why)}
    end.

answer(W, P, _, Strategy, _, {hit, I, Reason}) ->
    case lists:keyfind(I, 1, children(W, P, Strategy)) of
        {I, Child} when is_pid(Child) -> exit(Child, Reason), {hit, I, Child};
        {I, State} -> {hit, I, State};
        false -> {hit, I, none}
    end;
answer(W, P, _, Strategy, _, {which}) ->
    {which, children(W, P, Strategy)};
answer(_, P, _, _, _, {count}) ->
    Counts = supervisor:count_children(P),
    [S, A, U, K] = [proplists:get_value(C, Counts) || C <- [specs, active, supervisors, workers]],
    {count, S, A, U, K};
answer(W, P, _, simple_one_for_one, _, {terminate, I}) ->
    case lists:keyfind(I, 1, children(W, P, simple_one_for_one)) of
        {I, Child} when is_pid(Child) -> {terminate, I, plain(supervisor:terminate_child(P, Child))};
        _ -> {terminate, I, none}
    end;
answer(_, P, _, simple_one_for_one, _, {start, I}) ->
    {start, I, plain(supervisor:start_child(P, []))};
answer(_, _, _, simple_one_for_one, _, {Kind, I}) ->
    {Kind, I, none};
answer(_, P, _, _, _, {terminate, I}) ->
    {terminate, I, plain(supervisor:terminate_child(P, I))};
answer(_, P, _, _, _, {restart, I}) ->
    {restart, I, plain(supervisor:restart_child(P, I))};
answer(_, P, _, _, _, {delete, I}) ->
    {delete, I, plain(supervisor:delete_child(P, I))};
answer(W, P, N, _, Children, {start, I}) ->
    {start, I, plain(supervisor:start_child(P, spec(W, N, I, lists:nth(I + 1, Children))))}.

%% Ids with what runs under them. Children of a template have no order and no id: by the order of their starts.
children(W, P, simple_one_for_one) ->
    Known = [{warren_differential:label(W, C), C} || {_, C, _, _} <- supervisor:which_children(P)],
    indexed([C || {_, C} <- lists:sort(Known)]);
children(_, P, _) ->
    [{I, C} || {I, C, _, _} <- supervisor:which_children(P)].

plain(ok) -> ok;
plain({ok, Child}) -> Child;
%% A start that failed comes with the spec of the child.
plain({error, {Why, Child}}) when is_tuple(Child), element(1, Child) =:= child -> Why;
plain({error, Why}) -> Why.
