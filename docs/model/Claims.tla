-------------------------------- MODULE Claims --------------------------------
(***************************************************************************)
(* The ownership row of one unit, and what its device servers share (rule  *)
(* 7).  A gateway may take a failed owner's unit over by the row, without   *)
(* the unit's entity (decision 16), and an owner that was asked to release  *)
(* it may hand it over by the row (decision 18).  Shows that no change of   *)
(* the shared state is missed, and that a row's epoch has one owner, who is *)
(* the one that the entity records.                                        *)
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
  MaxMoves,    \* planned moves, at most
  Without      \* the rule that is left out, "nothing" in the sound model

Has(rule) == Without # rule

VARIABLES
  row,     \* epoch, owner, whether that one was not chosen by the entity, the bound of the shared
           \* version; and, which is told and not in the row, what version the one that gave it had
  unit,    \* what the entity has recorded: epoch, owner, phase, version of the shared state
  pushed,  \* the entries that it has published, each with its number
  raised,  \* the version and the epoch for which the entity knows that the row was raised; or none
  wire,    \* transactions on their way to the row
  view,    \* of each gateway: the newest entry that it has
  claim,   \* of each gateway: the epoch that it has taken over, or was given, by the row; 0: none
  handed,  \* of each gateway: the epoch that it has asked the row to give to its successor; 0: none
  has,     \* of each gateway: the version of the shared state that its device server has
  asked,   \* changes that gateways have asked the entity for
  dead,
  told     \* the newest version that a host was told of

vars == <<row, unit, pushed, raised, wire, view, claim, handed, has, asked, dead, told>>
entityVars == <<unit, pushed, raised>>
gatewayVars == <<view, claim, handed, has, asked>>
restVars == <<dead, told>>

None == "none"
NotRaised == [epoch |-> 0, version |-> 0]

Init ==
  LET first == [ver |-> 1, epoch |-> 1, owner |-> First, phase |-> "SERVING", version |-> 0,
                next |-> None, rel |-> 0, moves |-> 0] IN
  /\ row = [epoch |-> 1, owner |-> First, serving |-> FALSE, bound |-> 0, given |-> 0]
  /\ unit = first /\ pushed = {first} /\ raised = NotRaised /\ wire = {}
  /\ view = [g \in Gateways |-> first]
  /\ claim = [g \in Gateways |-> 0] /\ handed = [g \in Gateways |-> 0]
  /\ has = [g \in Gateways |-> 0]
  /\ asked = {} /\ dead = {} /\ told = 0

(* What a gateway goes by: its claim, until the view has that epoch. *)
Epoch(g) == IF claim[g] > view[g].epoch THEN claim[g] ELSE view[g].epoch
Serves(g) ==
  \/ claim[g] > view[g].epoch
  \/ /\ claim[g] <= view[g].epoch /\ view[g].owner = g /\ view[g].phase = "SERVING"
     /\ Has("handed") => handed[g] # view[g].epoch

(* ------------------------------------------------------- the entity ------ *)

Record(entry) ==
  /\ unit' = [entry EXCEPT !.ver = unit.ver + 1]
  /\ pushed' = pushed \cup {unit'}

(* It asks the row to be raised before it accepts a change, one at a time. *)
MayChange(c) ==
  /\ c.epoch = unit.epoch /\ c.owner = unit.owner /\ unit.phase \in {"SERVING", "RELEASING"}
  /\ c.version = unit.version + 1

AskRaise(c) ==
  /\ MayChange(c)
  /\ wire' = wire \cup {[is |-> "raise", epoch |-> c.epoch, owner |-> None, version |-> c.version]}
  /\ UNCHANGED <<row, entityVars, gatewayVars, restVars>>

(* The row's answer: it is that high; or it is of a later epoch that nobody serves by the row, which a   *)
(* claim of the entity itself has set whose outcome it never learnt.                                     *)
IsRaised(c) ==
  \/ ~Has("raise")
  \/ raised = [epoch |-> c.epoch, version |-> c.version]
  \/ row.epoch > c.epoch /\ ~row.serving

LearnRaised(c) ==
  /\ row.epoch = c.epoch /\ row.bound >= c.version
  /\ raised' = [epoch |-> c.epoch, version |-> c.version]
  /\ UNCHANGED <<row, unit, pushed, wire, gatewayVars, restVars>>

Accept(c) ==
  /\ MayChange(c) /\ IsRaised(c)
  /\ Record([unit EXCEPT !.version = c.version])
  /\ UNCHANGED <<row, raised, wire, gatewayVars, restVars>>

(* The owner has said that it has released the unit, as this move has asked for. *)
IsReleased ==
  /\ unit.phase = "RELEASING"
  /\ LET seen == view[unit.owner] IN seen.phase = "RELEASING" /\ seen.ver >= unit.rel

(* The next owner, by the entity: upon proof that the present one has failed, or has released the unit, *)
(* or because nobody owns it. *)
Propose(g) ==
  /\ g \notin dead /\ unit.epoch < MaxEpoch
  /\ unit.owner \in dead \/ unit.phase = "UNOWNED" \/ (IsReleased /\ g = unit.next)
  /\ wire' = wire \cup {[is |-> "next", epoch |-> unit.epoch + 1, owner |-> g, version |-> 0]}
  /\ UNCHANGED <<row, entityVars, gatewayVars, restVars>>

(* What the row says is recorded: when somebody serves by it, and else when nobody serves by the entry *)
(* that the entity has. *)
RecordRow ==
  /\ row.epoch > unit.epoch
  /\ row.serving \/ unit.owner \in dead \/ unit.phase = "UNOWNED" \/ IsReleased
  /\ Record([unit EXCEPT !.epoch = row.epoch, !.owner = row.owner, !.next = None, !.rel = 0,
                         !.phase = IF row.serving THEN "SERVING" ELSE "ACQUIRING"])
  /\ raised' = NotRaised
  /\ UNCHANGED <<row, wire, gatewayVars, restVars>>

Opened ==
  /\ unit.phase = "ACQUIRING" /\ unit.owner \notin dead
  /\ Record([unit EXCEPT !.phase = "SERVING"])
  /\ UNCHANGED <<row, raised, wire, gatewayVars, restVars>>

Move(g) ==
  /\ unit.phase = "SERVING" /\ unit.owner # g /\ unit.moves < MaxMoves
  /\ Record([unit EXCEPT !.phase = "RELEASING", !.next = g, !.rel = unit.ver + 1, !.moves = @ + 1])
  /\ UNCHANGED <<row, raised, wire, gatewayVars, restVars>>

(* At the bound, or because somebody takes the move back.  Not while the entity proposes; a proposal whose *)
(* outcome it has not learnt may be on its way all the same. *)
Abandon ==
  /\ unit.phase = "RELEASING"
  /\ Record([unit EXCEPT !.phase = "SERVING", !.next = None, !.rel = 0])
  /\ UNCHANGED <<row, raised, wire, gatewayVars, restVars>>

(* The owner says that it does not open it under this epoch, in answer to the newest entry. *)
GaveUp ==
  /\ unit.phase = "SERVING" /\ unit.owner \notin dead
  /\ handed[unit.owner] = unit.epoch /\ view[unit.owner].ver = unit.ver
  /\ Record([unit EXCEPT !.phase = "UNOWNED", !.owner = None])
  /\ UNCHANGED <<row, raised, wire, gatewayVars, restVars>>

(* ------------------------------------------------------ the row --------- *)

Land(t) ==
  /\ row' = CASE t.is = "raise" ->
                   IF row.epoch = t.epoch /\ row.bound < t.version
                   THEN [row EXCEPT !.bound = t.version] ELSE row
              [] t.is = "next" ->
                   IF row.epoch = t.epoch - 1 \/ (~Has("cas") /\ row.epoch = t.epoch)
                   THEN [row EXCEPT !.epoch = t.epoch, !.owner = t.owner, !.serving = FALSE, !.given = 0]
                   ELSE row
              [] OTHER ->
                   IF /\ row.epoch = t.epoch - 1
                      /\ Has("version") => row.bound = t.version
                   THEN [row EXCEPT !.epoch = t.epoch, !.owner = t.owner, !.serving = TRUE,
                                     !.given = IF t.is = "hand" THEN t.version ELSE 0]
                   ELSE row
  /\ wire' = wire \ {t}
  /\ UNCHANGED <<entityVars, gatewayVars, restVars>>

(* ------------------------------------------------- the gateways --------- *)

Learn(g) ==
  /\ g \notin dead
  /\ \E e \in pushed :
       /\ e.ver > view[g].ver
       /\ view' = [view EXCEPT ![g] = e]
       /\ has' = [has EXCEPT ![g] = IF e.version > @ THEN e.version ELSE @]
  /\ UNCHANGED <<row, entityVars, wire, claim, handed, asked, restVars>>

(* It names the version that it has: by that one it will serve. *)
Claim(g) ==
  /\ g \notin dead /\ view[g].owner \in dead /\ claim[g] <= view[g].epoch
  /\ view[g].epoch < MaxEpoch
  /\ wire' = wire \cup {[is |-> "claim", epoch |-> view[g].epoch + 1, owner |-> g, version |-> has[g]]}
  /\ UNCHANGED <<row, entityVars, gatewayVars, restVars>>

(* It was asked to release, and has: the row is asked to give the unit to the successor, once.  It names *)
(* the version that it has itself. *)
HandOver(g) ==
  /\ g \notin dead /\ view[g].owner = g /\ view[g].phase = "RELEASING" /\ claim[g] <= view[g].epoch
  /\ handed[g] # view[g].epoch /\ view[g].epoch < MaxEpoch
  /\ handed' = [handed EXCEPT ![g] = view[g].epoch]
  /\ wire' = wire \cup {[is |-> "hand", epoch |-> view[g].epoch + 1, owner |-> view[g].next,
                         version |-> has[g]]}
  /\ UNCHANGED <<row, entityVars, view, claim, has, asked, restVars>>

(* Who was given the unit is told what its predecessor had, and waits for it.  Who has claimed had the *)
(* version of the row; a row that would be its own, upon another version, was given to it. *)
IsTold(g) == Has("successor") => has[g] >= row.given
HasAsked(g) == view[g].owner \in dead /\ (Has("own-claim") => has[g] = row.bound)

LearnClaimed(g) ==
  /\ g \notin dead /\ row.owner = g /\ row.epoch > Epoch(g)
  /\ Has("by-the-claimant") => row.serving
  /\ IsTold(g) \/ HasAsked(g)
  /\ claim' = [claim EXCEPT ![g] = row.epoch]
  /\ UNCHANGED <<row, entityVars, wire, view, handed, has, asked, restVars>>

(* One change at a time, upon what it has; under the epoch by which it serves. *)
Ask(g) ==
  /\ g \notin dead /\ Serves(g) /\ has[g] < Changes
  /\ LET c == [epoch |-> Epoch(g), owner |-> g, version |-> has[g] + 1] IN
       c \notin asked /\ asked' = asked \cup {c}
  /\ UNCHANGED <<row, entityVars, wire, view, claim, handed, has, restVars>>

(* The host is told once the entity has: from here on everybody who serves must have it. *)
Answer(c) ==
  /\ c.owner \notin dead /\ has[c.owner] < c.version
  /\ \E e \in pushed : e.epoch = c.epoch /\ e.owner = c.owner /\ e.version = c.version
  /\ has' = [has EXCEPT ![c.owner] = c.version]
  /\ told' = IF c.version > told THEN c.version ELSE told
  /\ UNCHANGED <<row, entityVars, wire, view, claim, handed, asked, dead>>

Die(g) ==
  /\ g \notin dead /\ Cardinality(dead) < MaxDead
  /\ dead' = dead \cup {g}
  /\ UNCHANGED <<row, entityVars, wire, gatewayVars, told>>

Next ==
  \/ \E c \in asked : AskRaise(c) \/ LearnRaised(c) \/ Accept(c) \/ Answer(c)
  \/ RecordRow \/ Opened \/ Abandon \/ GaveUp
  \/ \E t \in wire : Land(t)
  \/ \E g \in Gateways :
       Propose(g) \/ Move(g) \/ Learn(g) \/ Claim(g) \/ HandOver(g) \/ LearnClaimed(g) \/ Ask(g) \/ Die(g)

Safety == Init /\ [][Next]_vars

(* --------------------------------------------------- what follows ------- *)

(* Whoever serves has every change that a host was told of. *)
NoChangeIsMissed == \A g \in Gateways \ dead : Serves(g) => has[g] >= told

OneServes == \A g, h \in Gateways \ dead : Serves(g) /\ Serves(h) => g = h

(* Not vacuous: a change is told of, by one that has claimed; must be violated. *)
NobodyChangesUnderAClaim == ~\E g \in Gateways : claim[g] = unit.epoch /\ told > 0 /\ has[g] = told

(* Nor of this: one serves that was given the unit, while all live; must be violated. *)
NobodyIsGivenAUnit == ~\E g \in Gateways : dead = {} /\ claim[g] > unit.epoch /\ told > 0 /\ Serves(g)
===============================================================================
