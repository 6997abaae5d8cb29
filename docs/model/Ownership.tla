------------------------------ MODULE Ownership ------------------------------
(***************************************************************************)
(* One logical unit, the gateways that export it, its store, and a host    *)
(* that sends commands through any gateway.  docs/model/README.md says     *)
(* what stands for what in the code, and how this is run.                  *)
(*                                                                         *)
(* Time is abstract: "late" is a command past its deadline, "lease" says   *)
(* that the lease of a gateway may still be running on its own clock.      *)
(* That nobody takes a lease for out while it runs is what Lease.tla       *)
(* shows; that one line of entries is published, is what Terms.tla shows.  *)
(* A process that is paused is one that takes no step for a while, so      *)
(* every pause is in here.                                                 *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS
  Gateways,    \* incarnations of gateway processes: who comes back is another one
  First,       \* the one that serves at the beginning
  Commands,    \* how many commands the host sends, at most
  MaxEpoch, MaxMoves, MaxLapses, MaxCrashes,
  Refuses,     \* whether the store refuses what is older than its fence (RBD); a plain file does not
  Prompt,      \* whether what a gateway has in the store has ended by the time it is taken for failed
  Cuts,        \* whether links between the host and gateways fall silent by themselves
  Asks,        \* whether gateways ask the host before they take a change that may be old (decision 34)
  Stuck,       \* gateways that never manage to open the store (matters to liveness only)
  Without      \* the rule that is left out, "nothing" in the sound model

Has(rule) == Without # rule

VARIABLES
  unit,        \* the entry of the unit, as its entity decided last
  pushed,      \* the entries that are on their way to gateways, this one among them
  view,        \* of each gateway: the newest entry that it has
  open,        \* of each gateway: the epoch under which it has the store open; 0: closed, or closing
  alive, lease, \* of each gateway
  out,         \* of each gateway: known as expelled, with its lease run out
  reports,     \* what gateways have said to the entity; may arrive late, and again
  fence, block, cache, \* the store; and what an open store on a gateway may answer reads from
  cmd, last, waiting,  \* the commands, the last one that the host sent, whether it waits for it
  told,        \* the newest value that the host knows to be stored
  moves, lapses, crashes

vars == <<unit, pushed, view, open, alive, lease, out, reports, fence, block, cache,
          cmd, last, waiting, told, moves, lapses, crashes>>
cluster == <<unit, pushed, view, open, alive, lease, out, reports, moves, lapses, crashes>>
host == <<cmd, last, waiting, told>>
store == <<fence, block, cache>>

None == "none"

Entry(phase, epoch, owner, successor, since) ==
  [ver |-> unit.ver + 1, phase |-> phase, epoch |-> epoch, owner |-> owner,
   successor |-> successor, since |-> since]

Unsent == [st |-> "unsent", kind |-> None, via |-> None, at |-> None, epoch |-> 0, late |-> FALSE,
           ser |-> 0, val |-> 0]

Init ==
  LET served == [ver |-> 1, phase |-> "SERVING", epoch |-> 1, owner |-> First,
                 successor |-> None, since |-> 0]
  IN /\ unit = served /\ pushed = {served}
     /\ view = [g \in Gateways |-> served]
     /\ open = [g \in Gateways |-> IF g = First THEN 1 ELSE 0]
     /\ alive = [g \in Gateways |-> TRUE]
     /\ lease = [g \in Gateways |-> TRUE]
     /\ out = [g \in Gateways |-> FALSE]
     /\ reports = {}
     /\ fence = 1 /\ block = 0
     /\ cache = [g \in Gateways |-> 0]
     /\ cmd = [c \in 1..Commands |-> Unsent]
     /\ last = 0 /\ waiting = FALSE /\ told = 0
     /\ moves = 0 /\ lapses = 0 /\ crashes = 0

InStore(g) == {c \in 1..Commands : cmd[c].st = "store" /\ cmd[c].at = g}

(* -------------------------------- leases and failures ------------------- *)

(* Proof of death, or out of the membership with the lease run out (rule 3). *)
Failed(g) == g # None /\ (~alive[g] \/ out[g])

Lapse(g) ==
  /\ lease[g] /\ lapses < MaxLapses
  /\ lease' = [lease EXCEPT ![g] = FALSE]
  /\ lapses' = lapses + 1
  /\ UNCHANGED <<unit, pushed, view, open, alive, out, reports, moves, crashes>>
  /\ UNCHANGED host /\ UNCHANGED store

(* Rule 5: whatever had not been read, or was held, goes with its session before a lease begins anew. *)
Regain(g) ==
  /\ alive[g] /\ ~lease[g] /\ ~out[g]
  /\ lease' = [lease EXCEPT ![g] = TRUE]
  /\ cmd' = [c \in 1..Commands |->
               IF Has("sessions") /\ cmd[c].via = g /\ cmd[c].st \in {"wire", "held"}
               THEN [cmd[c] EXCEPT !.st = "lost"] ELSE cmd[c]]
  /\ UNCHANGED <<unit, pushed, view, open, alive, out, reports, moves, lapses, crashes>>
  /\ UNCHANGED <<last, waiting, told>> /\ UNCHANGED store

Expel(g) ==
  /\ alive[g] /\ ~out[g]
  /\ Has("lease-out") => ~lease[g]
  /\ Prompt => InStore(g) = {}
  /\ \E h \in Gateways : h # g /\ alive[h] /\ lease[h]
  /\ out' = [out EXCEPT ![g] = TRUE]
  /\ UNCHANGED <<unit, pushed, view, open, alive, lease, reports, moves, lapses, crashes>>
  /\ UNCHANGED host /\ UNCHANGED store

Crash(g) ==
  /\ alive[g] /\ crashes < MaxCrashes
  /\ Prompt => InStore(g) = {}
  /\ alive' = [alive EXCEPT ![g] = FALSE]
  /\ lease' = [lease EXCEPT ![g] = FALSE]
  /\ open' = [open EXCEPT ![g] = 0]
  /\ crashes' = crashes + 1
  /\ UNCHANGED <<unit, pushed, view, out, reports, moves, lapses>>
  /\ UNCHANGED host /\ UNCHANGED store

(* ------------------------------------------- the unit's entity ---------- *)

(* What no gateway can still take is forgotten, to keep the model small. *)
Awaited(views) == {e \in pushed : e = unit \/ \E g \in Gateways : alive[g] /\ views[g].ver <= e.ver}

Decide(entry) ==
  /\ unit' = entry
  /\ pushed' = Awaited(view) \cup {entry}
  /\ UNCHANGED <<view, open, alive, lease, out, reports, lapses, crashes>>
  /\ UNCHANGED host /\ UNCHANGED store

NextEpoch == IF Has("new-epoch") THEN unit.epoch + 1 ELSE unit.epoch

TakeOver(g) ==
  /\ alive[g] /\ ~out[g] /\ unit.epoch < MaxEpoch
  /\ \/ unit.phase = "UNOWNED"
     \/ unit.owner # g /\ (Has("evidence") => Failed(unit.owner))
  /\ Decide(Entry("ACQUIRING", NextEpoch, g, None, 0))
  /\ UNCHANGED moves

Move(g) ==
  /\ unit.phase = "SERVING" /\ unit.owner # g /\ alive[g] /\ ~out[g]
  /\ moves < MaxMoves /\ unit.epoch < MaxEpoch
  /\ Decide(Entry("RELEASING", unit.epoch, unit.owner, g, unit.ver + 1))
  /\ moves' = moves + 1

(* Its word may be late; while the unit waits for it nothing else becomes of the one that opened. *)
OnOpened ==
  /\ unit.phase = "ACQUIRING" /\ alive[unit.owner] /\ open[unit.owner] = unit.epoch
  /\ Decide(Entry("SERVING", unit.epoch, unit.owner, None, 0))
  /\ UNCHANGED moves

(* Only the answer to the present release counts: an abandoned one had the same epoch. *)
OnReleased(r) ==
  /\ unit.phase = "RELEASING"
  /\ unit.owner = r.gateway /\ unit.epoch = r.epoch
  /\ Has("release-version") => r.ver >= unit.since
  /\ Decide(Entry("ACQUIRING", NextEpoch, unit.successor, None, 0))
  /\ UNCHANGED moves

(* Rule 8: at its bound a transition ends, in favour of nobody or of the owner that did not let go. *)
OpenBound ==
  /\ Has("open-bound") /\ unit.phase = "ACQUIRING"
  /\ Decide(Entry("UNOWNED", unit.epoch, None, None, 0))
  /\ UNCHANGED moves

ReleaseBound ==
  /\ Has("release-bound") /\ unit.phase = "RELEASING"
  /\ Decide(Entry("SERVING", unit.epoch, unit.owner, None, 0))
  /\ UNCHANGED moves

(* ----------------------------------- the unit on a gateway -------------- *)

Mine(g) == view[g].owner = g
Wanted(g) == Mine(g) /\ view[g].phase \in {"ACQUIRING", "SERVING"}
Serves(g) == Mine(g) /\ view[g].phase = "SERVING" /\ open[g] # 0 /\ open[g] = view[g].epoch

(* Without terms a stale incarnation of the entity may decide, too, upon an entry that is history. *)
Stray == IF Has("terms") THEN {}
         ELSE {[e EXCEPT !.phase = "SERVING", !.successor = None, !.ver = e.ver + 1] :
               e \in {f \in pushed : f.phase = "RELEASING" /\ f # unit}}

(* Pushes may be late and overtake one another; an older entry never replaces a newer one.  Whoever has *)
(* the store open and is not to have it any more takes no command from here on, and closes it.          *)
Learn(g) ==
  /\ alive[g]
  /\ \E e \in pushed \cup Stray :
       /\ e.ver > view[g].ver
       /\ view' = [view EXCEPT ![g] = e]
       /\ open' = [open EXCEPT ![g] =
            IF e.owner = g /\ e.phase \in {"ACQUIRING", "SERVING"} /\ e.epoch = @ THEN @ ELSE 0]
  /\ pushed' = Awaited(view')
  /\ UNCHANGED <<unit, alive, lease, out, reports, moves, lapses, crashes>>
  /\ UNCHANGED host /\ UNCHANGED store

(* Closed: what was running has ended. *)
Drained(g) == open[g] = 0 /\ (Has("drain") => InStore(g) = {})

(* What was given up is refused from the next fence on, whosever and of whichever epoch that is: it is  *)
(* the former client that a store refuses, and who opens anew has another one.                          *)
Outdone(c, epoch) ==
  /\ Has("fence") /\ Refuses /\ cmd[c].st = "adrift"
  /\ Has("former-clients") \/ cmd[c].ser < epoch

(* Rule 2: fenced at the new epoch, then open.  Nobody can fence with an older epoch. *)
Open(g) ==
  /\ alive[g] /\ Wanted(g) /\ Drained(g)
  /\ fence <= view[g].epoch
  /\ fence' = IF Has("fence") THEN view[g].epoch ELSE fence
  /\ open' = [open EXCEPT ![g] = view[g].epoch]
  /\ cache' = [cache EXCEPT ![g] = block]
  /\ cmd' = [c \in 1..Commands |-> IF Outdone(c, view[g].epoch) THEN [cmd[c] EXCEPT !.st = "over"] ELSE cmd[c]]
  /\ UNCHANGED <<unit, pushed, view, alive, lease, out, reports, moves, lapses, crashes>>
  /\ UNCHANGED <<last, waiting, told, block>>

SayReleased(g) ==
  /\ alive[g] /\ Mine(g) /\ view[g].phase = "RELEASING" /\ Drained(g)
  /\ LET r == [gateway |-> g, epoch |-> view[g].epoch, ver |-> view[g].ver]
     IN r \notin reports /\ reports' = reports \cup {r}
  /\ UNCHANGED <<unit, pushed, view, open, alive, lease, out, moves, lapses, crashes>>
  /\ UNCHANGED host /\ UNCHANGED store

(* ------------------------------------------------- the host ------------- *)

(* Each command has a value of its own, so whichever lands late is seen.  A host that gives a command   *)
(* up sends another: the same again, or something newer; to the block that is the same.                 *)
Send(g) ==
  /\ ~waiting /\ last < Commands /\ alive[g]
  /\ last' = last + 1 /\ waiting' = TRUE
  /\ \E kind \in IF last = 0 THEN {"write"} ELSE {"write", "read"} :
       cmd' = [cmd EXCEPT ![last + 1] = [Unsent EXCEPT !.st = "wire", !.kind = kind, !.via = g,
                                         !.val = IF kind = "write" THEN last + 1 ELSE 0]]
  /\ UNCHANGED cluster /\ UNCHANGED store /\ UNCHANGED told

(* The assumption about hosts: a path is given up only after the deadline of what was sent through it.  *)
(* What the gateway has not read yet it may give up once that gateway has been silent for a lease, or   *)
(* when the link was: what its kernel has queued may come all the same, when the link is whole again.   *)
GiveUp ==
  /\ waiting
  /\ LET c == cmd[last] IN
       Has("patience") =>
         \/ c.late
         \/ c.st = "lost"
         \/ c.st = "wire" /\ (Cuts \/ ~lease[c.via])
  /\ waiting' = FALSE
  /\ UNCHANGED <<cmd, last, told>> /\ UNCHANGED cluster /\ UNCHANGED store

(* BUSY, or an error: the host asks again. *)
Returned(c) ==
  /\ cmd' = [cmd EXCEPT ![c].st = "over"]
  /\ waiting' = (waiting /\ c # last)
  /\ UNCHANGED <<last, told>> /\ UNCHANGED cluster

Done(c) ==
  /\ c = last /\ waiting /\ cmd[c].st = "landed" /\ alive[cmd[c].via]
  /\ told' = IF cmd[c].val > told THEN cmd[c].val ELSE told
  /\ cmd' = [cmd EXCEPT ![c].st = "over"]
  /\ waiting' = FALSE
  /\ UNCHANGED last /\ UNCHANGED cluster /\ UNCHANGED store

(* ------------------------------------- commands on gateways ------------- *)

(* Rule 4: stamped with the epoch that is served, and sent to its owner; or held for the transition.    *)
Stamped(c) ==
  LET e == view[cmd[c].via] IN
  IF e.phase = "SERVING"
  THEN [cmd[c] EXCEPT !.st = "queued", !.at = e.owner, !.epoch = e.epoch]
  ELSE [cmd[c] EXCEPT !.st = "held"]

(* Only a host that holds the connection yet answers on it. *)
StillMeant(c) == c = last /\ waiting

(* Rule 5: nothing is taken from a session while the gateway has no lease.  And no change of which it is *)
(* not known that the host still means it.                                                              *)
Arrive(c) ==
  /\ cmd[c].st = "wire" /\ alive[cmd[c].via]
  /\ Asks /\ Has("proof") /\ cmd[c].kind = "write" => StillMeant(c)
  /\ Has("arrival") => lease[cmd[c].via]
  /\ cmd' = [cmd EXCEPT ![c] = Stamped(c)]
  /\ UNCHANGED <<last, waiting, told>> /\ UNCHANGED cluster /\ UNCHANGED store

Resume(c) ==
  /\ cmd[c].st = "held" /\ alive[cmd[c].via] /\ ~cmd[c].late
  /\ view[cmd[c].via].phase = "SERVING"
  /\ cmd' = [cmd EXCEPT ![c] = Stamped(c)]
  /\ UNCHANGED <<last, waiting, told>> /\ UNCHANGED cluster /\ UNCHANGED store

Late(c) ==
  /\ cmd[c].st \in {"held", "queued", "store", "landed"} /\ ~cmd[c].late
  /\ cmd' = [cmd EXCEPT ![c].late = TRUE]
  /\ UNCHANGED <<last, waiting, told>> /\ UNCHANGED cluster /\ UNCHANGED store

HeldTooLong(c) ==
  /\ Has("held-bound")
  /\ cmd[c].st = "held" /\ alive[cmd[c].via] /\ cmd[c].late
  /\ Returned(c) /\ UNCHANGED store

(* A relayed command's deadline is translated to the owner's clock (decision 3). *)
PastDeadline(c) ==
  /\ Has("deadline")
  /\ Has("relay-deadline") \/ cmd[c].via = cmd[c].at
  /\ cmd[c].late

MayExecute(c) ==
  LET g == cmd[c].at IN
  /\ Serves(g)
  /\ Has("stamp") => cmd[c].epoch = open[g]
  /\ Has("lease") => lease[g]
  /\ ~PastDeadline(c)

(* The last look, right before the store is touched, with the range locked.  How long it takes from     *)
(* here until the store has it, or does it, nobody knows: "store" covers that too.                      *)
Begin(c) ==
  LET g == cmd[c].at IN
  /\ cmd[c].st = "queued" /\ alive[g] /\ MayExecute(c)
  /\ Has("range-lock") => InStore(g) = {}
  /\ cmd' = [cmd EXCEPT ![c].st = "store", ![c].ser = open[g]]
  /\ UNCHANGED <<last, waiting, told>> /\ UNCHANGED cluster /\ UNCHANGED store

(* BUSY from the owner; from the gateway that relayed it when the owner's process is proven dead. *)
Refuse(c) ==
  /\ cmd[c].st = "queued" /\ (alive[cmd[c].at] => ~MayExecute(c))
  /\ Returned(c) /\ UNCHANGED store

Land(c) ==
  LET k == cmd[c] IN
  /\ k.st = "store"
  /\ IF k.kind = "write" /\ Refuses /\ k.ser < fence
     THEN Returned(c) /\ UNCHANGED store
     ELSE /\ cmd' = [cmd EXCEPT ![c].st = IF alive[k.at] THEN "landed" ELSE "lost",
                                ![c].val = IF k.kind = "read" THEN cache[k.at] ELSE k.val]
          /\ block' = IF k.kind = "write" THEN k.val ELSE block
          /\ cache' = IF k.kind = "write" THEN [cache EXCEPT ![k.at] = k.val] ELSE cache
          /\ UNCHANGED fence
          /\ UNCHANGED <<last, waiting, told>> /\ UNCHANGED cluster

(* Where the store refuses what is late, whoever is to let go need not wait for what hangs: the host is *)
(* told to ask again, and what was begun may land for as long as nobody has fenced the store anew.      *)
Abandon(c) ==
  LET g == cmd[c].at IN
  /\ cmd[c].st = "store" /\ alive[g] /\ open[g] = 0
  /\ Has("abandon") => Refuses
  /\ cmd' = [cmd EXCEPT ![c].st = "adrift"]
  /\ waiting' = (waiting /\ c # last)
  /\ UNCHANGED <<last, told>> /\ UNCHANGED cluster /\ UNCHANGED store

LandAdrift(c) ==
  /\ cmd[c].st = "adrift"
  /\ cmd' = [cmd EXCEPT ![c].st = "over"]
  /\ block' = IF cmd[c].kind = "write" /\ ~(Refuses /\ cmd[c].ser < fence) THEN cmd[c].val ELSE block
  /\ UNCHANGED <<fence, cache>>
  /\ UNCHANGED <<last, waiting, told>> /\ UNCHANGED cluster

(* What a dead process had in the store may also vanish. *)
Vanish(c) ==
  /\ cmd[c].st = "store" /\ ~alive[cmd[c].at]
  /\ cmd' = [cmd EXCEPT ![c].st = "lost"]
  /\ UNCHANGED <<last, waiting, told>> /\ UNCHANGED cluster /\ UNCHANGED store

(* ------------------------------------------------------------------------ *)

Environment ==
  \/ \E g \in Gateways : Lapse(g) \/ Crash(g) \/ Move(g) \/ Send(g)
  \/ GiveUp
  \/ \E c \in 1..Commands : Land(c) \/ LandAdrift(c) \/ Vanish(c)

Protocol(g) ==
  Regain(g) \/ Expel(g) \/ TakeOver(g) \/ Learn(g) \/ Open(g) \/ SayReleased(g)

Entity == OpenBound \/ ReleaseBound \/ OnOpened \/ \E r \in reports : OnReleased(r)

Command(c) == Arrive(c) \/ Resume(c) \/ Late(c) \/ HeldTooLong(c) \/ Begin(c) \/ Refuse(c) \/ Abandon(c) \/ Done(c)

Next == Environment \/ Entity \/ (\E g \in Gateways : Protocol(g)) \/ \E c \in 1..Commands : Command(c)

(* The store may hang for ever, hosts may stay away, gateways may fail: nothing of that is fair.  What  *)
(* the gateways and the entity do by themselves is.                                                     *)
Fairness ==
  /\ WF_vars(OpenBound) /\ WF_vars(ReleaseBound)
  /\ WF_vars(OnOpened) /\ WF_vars(\E r \in reports : OnReleased(r))
  /\ \A g \in Gateways :
       /\ WF_vars(Expel(g) \/ Regain(g)) /\ WF_vars(TakeOver(g))
       /\ WF_vars(Learn(g)) /\ WF_vars(SayReleased(g))
       /\ g \notin Stuck => WF_vars(Open(g))
  /\ \A c \in 1..Commands :
       WF_vars(Arrive(c)) /\ WF_vars(Late(c)) /\ WF_vars(HeldTooLong(c)) /\ WF_vars(Resume(c)) /\ WF_vars(Refuse(c))

Spec == Init /\ [][Next]_vars /\ Fairness
Safety == Init /\ [][Next]_vars

(* ------------------------------------------------ the promise ----------- *)

(* What the host knows to be stored is stored: no acknowledged write is lost, no older one lands. *)
NothingLostNothingStale == block >= told

(* What it is about to be told by a read is not older than what it knew. *)
ReadsAreFresh ==
  \A c \in 1..Commands :
    c = last /\ waiting /\ cmd[c].kind = "read" /\ cmd[c].st = "landed" => cmd[c].val >= told

(* At most one gateway could begin a command now. *)
OneExecutor ==
  \A g, h \in Gateways :
    alive[g] /\ lease[g] /\ Serves(g) /\ alive[h] /\ lease[h] /\ Serves(h) => g = h

(* Rule 4, by itself. *)
OnlyUnderItsEpoch ==
  \A c \in 1..Commands : cmd[c].st \in {"store", "landed"} => cmd[c].epoch = cmd[c].ser

FencedBeforeServing == \A g \in Gateways : open[g] <= fence

(* Each ownership has an epoch of its own, greater than those before. *)
EpochsGrow ==
  [][unit' # unit => /\ unit'.epoch >= unit.epoch
                     /\ unit'.phase = "ACQUIRING" => unit'.epoch > unit.epoch]_vars

LeaseOutIsTrue == \A g \in Gateways : out[g] => ~lease[g]

(* Every transition ends, by itself. *)
EveryTransitionEnds ==
  unit.phase \in {"ACQUIRING", "RELEASING"} ~> unit.phase \notin {"ACQUIRING", "RELEASING"}

(* A command that was read is not kept for ever, unless the store keeps it or its gateway is gone. *)
EveryCommandEnds ==
  \A c \in 1..Commands :
    cmd[c].st \in {"held", "queued"} ~> (cmd[c].st \notin {"held", "queued"} \/ ~alive[cmd[c].via])

(* A unit whose owner failed gets another one, while there are epochs and gateways left in the model. *)
EveryUnitIsTakenOver ==
  unit.phase # "UNOWNED" /\ Failed(unit.owner)
    ~> \/ unit.owner = None \/ ~Failed(unit.owner) \/ unit.epoch = MaxEpoch
       \/ \A g \in Gateways : ~alive[g] \/ out[g]

=============================================================================
