-------------------------------- MODULE Claims --------------------------------
(***************************************************************************)
(* The ownership row of one unit, and what its device servers share (rule  *)
(* 7).  A gateway may take a failed owner's unit over by the row, without   *)
(* the unit's entity (decision 16).  Shows that it misses no change of the  *)
(* shared state, and that a row's epoch has one owner, who is the one that  *)
(* the entity records.                                                     *)
(*                                                                         *)
(* The entity is one line of decisions (Terms.tla).  A transaction on the   *)
(* row takes any time; who asked for it may give it up, and it lands all    *)
(* the same.  What changes the row is learnt from the row.                  *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets

CONSTANTS
  Gateways,
  First,       \* the one that serves at the beginning
  MaxEpoch,
  Changes,     \* of the shared state, at most
  MaxDead,
  Without      \* the rule that is left out, "nothing" in the sound model

Has(rule) == Without # rule

VARIABLES
  row,     \* epoch, owner, whether that one has taken it by itself, and the bound of the shared version
  unit,    \* what the entity has recorded: epoch, owner, phase, version of the shared state
  pushed,  \* the entries that it has published, each with its number
  raised,  \* the version and the epoch for which the entity knows that the row was raised; or none
  wire,    \* transactions on their way to the row
  view,    \* of each gateway: the newest entry that it has
  claim,   \* of each gateway: the epoch that it has taken over by the row; 0: none
  has,     \* of each gateway: the version of the shared state that its device server has
  asked,   \* changes that gateways have asked the entity for
  dead,
  told     \* the newest version that a host was told of

vars == <<row, unit, pushed, raised, wire, view, claim, has, asked, dead, told>>

None == "none"
NotRaised == [epoch |-> 0, version |-> 0]

Init ==
  LET first == [ver |-> 1, epoch |-> 1, owner |-> First, phase |-> "SERVING", version |-> 0] IN
  /\ row = [epoch |-> 1, owner |-> First, serving |-> FALSE, bound |-> 0]
  /\ unit = first /\ pushed = {first} /\ raised = NotRaised /\ wire = {}
  /\ view = [g \in Gateways |-> first]
  /\ claim = [g \in Gateways |-> 0]
  /\ has = [g \in Gateways |-> 0]
  /\ asked = {} /\ dead = {} /\ told = 0

(* What a gateway goes by: its claim, until the view has that epoch. *)
Epoch(g) == IF claim[g] > view[g].epoch THEN claim[g] ELSE view[g].epoch
Serves(g) ==
  \/ claim[g] > view[g].epoch
  \/ claim[g] <= view[g].epoch /\ view[g].owner = g /\ view[g].phase = "SERVING"

(* ------------------------------------------------------- the entity ------ *)

Record(entry) ==
  /\ unit' = [entry EXCEPT !.ver = unit.ver + 1]
  /\ pushed' = pushed \cup {unit'}

(* It asks the row to be raised before it accepts a change, one at a time. *)
AskRaise(c) ==
  /\ c.epoch = unit.epoch /\ c.owner = unit.owner /\ unit.phase = "SERVING"
  /\ c.version = unit.version + 1
  /\ wire' = wire \cup {[is |-> "raise", epoch |-> c.epoch, owner |-> None, version |-> c.version]}
  /\ UNCHANGED <<row, unit, pushed, raised, view, claim, has, asked, dead, told>>

(* The row's answer: it is that high; or it is of a later epoch that nobody serves by the row, which a   *)
(* claim of the entity itself has set whose outcome it never learnt.                                     *)
IsRaised(c) ==
  \/ ~Has("raise")
  \/ raised = [epoch |-> c.epoch, version |-> c.version]
  \/ row.epoch > c.epoch /\ ~row.serving

LearnRaised(c) ==
  /\ row.epoch = c.epoch /\ row.bound >= c.version
  /\ raised' = [epoch |-> c.epoch, version |-> c.version]
  /\ UNCHANGED <<row, unit, pushed, wire, view, claim, has, asked, dead, told>>

Accept(c) ==
  /\ c.epoch = unit.epoch /\ c.owner = unit.owner /\ unit.phase = "SERVING"
  /\ c.version = unit.version + 1 /\ IsRaised(c)
  /\ Record([unit EXCEPT !.version = c.version])
  /\ UNCHANGED <<row, raised, wire, view, claim, has, asked, dead, told>>

(* The next owner, by the entity: upon proof that the present one has failed. *)
Propose(g) ==
  /\ g \notin dead /\ unit.owner \in dead /\ unit.epoch < MaxEpoch
  /\ wire' = wire \cup {[is |-> "next", epoch |-> unit.epoch + 1, owner |-> g, version |-> 0]}
  /\ UNCHANGED <<row, unit, pushed, raised, view, claim, has, asked, dead, told>>

(* What the row says is recorded.  A claim of a gateway is of one that serves already; it has no bound.  *)
RecordRow ==
  /\ row.epoch > unit.epoch
  /\ Record([unit EXCEPT !.epoch = row.epoch, !.owner = row.owner,
                         !.phase = IF row.serving THEN "SERVING" ELSE "ACQUIRING"])
  /\ raised' = NotRaised
  /\ UNCHANGED <<row, wire, view, claim, has, asked, dead, told>>

Opened ==
  /\ unit.phase = "ACQUIRING" /\ unit.owner \notin dead
  /\ Record([unit EXCEPT !.phase = "SERVING"])
  /\ UNCHANGED <<row, raised, wire, view, claim, has, asked, dead, told>>

(* ------------------------------------------------------ the row --------- *)

Land(t) ==
  /\ row' = CASE t.is = "raise" ->
                   IF row.epoch = t.epoch /\ row.bound < t.version
                   THEN [row EXCEPT !.bound = t.version] ELSE row
              [] t.is = "next" ->
                   IF row.epoch = t.epoch - 1 \/ (~Has("cas") /\ row.epoch = t.epoch)
                   THEN [row EXCEPT !.epoch = t.epoch, !.owner = t.owner, !.serving = FALSE] ELSE row
              [] OTHER ->
                   IF /\ row.epoch = t.epoch - 1
                      /\ Has("version") => row.bound = t.version
                   THEN [row EXCEPT !.epoch = t.epoch, !.owner = t.owner, !.serving = TRUE] ELSE row
  /\ wire' = wire \ {t}
  /\ UNCHANGED <<unit, pushed, raised, view, claim, has, asked, dead, told>>

(* ------------------------------------------------- the gateways --------- *)

Learn(g) ==
  /\ g \notin dead
  /\ \E e \in pushed :
       /\ e.ver > view[g].ver
       /\ view' = [view EXCEPT ![g] = e]
       /\ has' = [has EXCEPT ![g] = IF e.version > @ THEN e.version ELSE @]
  /\ UNCHANGED <<row, unit, pushed, raised, wire, claim, asked, dead, told>>

(* It names the version that it has: by that one it will serve. *)
Claim(g) ==
  /\ g \notin dead /\ view[g].owner \in dead /\ claim[g] <= view[g].epoch
  /\ view[g].epoch < MaxEpoch
  /\ wire' = wire \cup {[is |-> "claim", epoch |-> view[g].epoch + 1, owner |-> g, version |-> has[g]]}
  /\ UNCHANGED <<row, unit, pushed, raised, view, claim, has, asked, dead, told>>

LearnClaimed(g) ==
  /\ g \notin dead /\ row.owner = g /\ row.epoch > Epoch(g)
  /\ Has("by-the-claimant") => row.serving
  /\ claim' = [claim EXCEPT ![g] = row.epoch]
  /\ UNCHANGED <<row, unit, pushed, raised, wire, view, has, asked, dead, told>>

(* One change at a time, upon what it has; under the epoch by which it serves. *)
Ask(g) ==
  /\ g \notin dead /\ Serves(g) /\ has[g] < Changes
  /\ LET c == [epoch |-> Epoch(g), owner |-> g, version |-> has[g] + 1] IN
       c \notin asked /\ asked' = asked \cup {c}
  /\ UNCHANGED <<row, unit, pushed, raised, wire, view, claim, has, dead, told>>

(* The host is told once the entity has: from here on everybody who serves must have it. *)
Answer(c) ==
  /\ c.owner \notin dead /\ has[c.owner] < c.version
  /\ \E e \in pushed : e.epoch = c.epoch /\ e.owner = c.owner /\ e.version = c.version
  /\ has' = [has EXCEPT ![c.owner] = c.version]
  /\ told' = IF c.version > told THEN c.version ELSE told
  /\ UNCHANGED <<row, unit, pushed, raised, wire, view, claim, asked, dead>>

Die(g) ==
  /\ g \notin dead /\ Cardinality(dead) < MaxDead
  /\ dead' = dead \cup {g}
  /\ UNCHANGED <<row, unit, pushed, raised, wire, view, claim, has, asked, told>>

Next ==
  \/ \E c \in asked : AskRaise(c) \/ LearnRaised(c) \/ Accept(c) \/ Answer(c)
  \/ RecordRow \/ Opened
  \/ \E t \in wire : Land(t)
  \/ \E g \in Gateways : Propose(g) \/ Learn(g) \/ Claim(g) \/ LearnClaimed(g) \/ Ask(g) \/ Die(g)

Safety == Init /\ [][Next]_vars

(* --------------------------------------------------- what follows ------- *)

(* Whoever serves has every change that a host was told of. *)
NoChangeIsMissed == \A g \in Gateways \ dead : Serves(g) => has[g] >= told

OneServes == \A g, h \in Gateways \ dead : Serves(g) /\ Serves(h) => g = h

(* Not vacuous: a change is told of, by one that has claimed; must be violated. *)
NobodyChangesUnderAClaim == ~\E g \in Gateways : claim[g] = unit.epoch /\ told > 0 /\ has[g] = told
===============================================================================
