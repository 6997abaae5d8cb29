-------------------------------- MODULE Lease --------------------------------
(***************************************************************************)
(* The lease of one gateway, the Subject, and the charter that says who    *)
(* its guardians are.  Shows what Ownership.tla takes for granted:         *)
(* nobody takes the Subject's lease for out while the Subject could still  *)
(* take it for running.                                                    *)
(*                                                                         *)
(* Time is in ticks.  What matters is only how long ago something was, so  *)
(* ages are kept, not times, and an age beyond the horizon is not          *)
(* distinguished.  A paused process is one that takes no step while the    *)
(* ticks go on.                                                            *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS
  Gateways, Subject,
  Founders,    \* the first charter
  Length,      \* of a lease, on the clock of who holds it
  Drift,       \* by how much that clock may be behind after Length; the others wait for so much more
  Versions,    \* of the charter, at most
  Sets,        \* what may be proposed as a charter
  Without      \* the rule that is left out, "nothing" in the sound model

Has(rule) == Without # rule

VARIABLES
  charter,     \* in Cassandra: the sets of guardians, version by version
  base,        \* of each version: the one that it was proposed upon
  adopted,     \* of each gateway: the version that it goes by
  wire,        \* per guardian, a ping of the Subject or its acknowledgement: version, age of its sending
  got,         \* of each guardian: the newest acknowledgement that the Subject has
  since        \* of each version: for how long it has been in force

vars == <<charter, base, adopted, wire, got, since>>

Horizon == Length + Drift + 1
Ages == 0..Horizon
Nothing == [is |-> "nothing", ver |-> 0, age |-> Horizon]
Never == Horizon + 1   \* not in force

Known == 1..Len(charter)
Majority(set) == Cardinality(set) \div 2 + 1
Others == Gateways \ {Subject}

Init ==
  /\ charter = <<Founders>> /\ base = <<0>>
  /\ adopted = [g \in Gateways |-> 1]
  /\ wire = [g \in Others |-> Nothing]
  /\ got = [g \in Others |-> Nothing]
  /\ since = [v \in 1..Versions |-> IF v = 1 THEN Horizon ELSE Never]

(* ------------------------------------------------------ the charter ----- *)

(* Who can still acknowledge anything of the version. *)
Left(v, by) == {g \in charter[v] : by[g] <= v}

Blocked(v, by) ==
  \/ ~Has("adoption")
  \/ IF Has("blocking-set") THEN Cardinality(Left(v, by)) < Majority(charter[v])
                            ELSE Left(v, by) # charter[v]

RECURSIVE InForce(_, _)
InForce(v, by) ==
  \/ base[v] = 0
  \/ /\ Blocked(base[v], by)
     /\ Has("chain") => InForce(base[v], by)

Noted(by) ==
  [v \in 1..Versions |->
     IF v \in Known /\ since[v] = Never /\ InForce(v, by) THEN 0 ELSE since[v]]

(* An incarnation that a version has left out never comes back: somebody may know that its lease is out. *)
Out(known) ==
  {g \in Gateways : \E u, v \in 1..known : u < v /\ g \in charter[u] /\ g \notin charter[v]}

(* A compare-and-set on the version: of two that propose upon the same one, one wins.  Any member of    *)
(* a charter may propose the next one, with any members.                                                *)
Propose(g) ==
  /\ Len(charter) < Versions /\ g \in charter[adopted[g]]
  /\ Has("cas") => adopted[g] = Len(charter)
  /\ \E set \in Sets \ {charter[adopted[g]]} :
       /\ Has("newcomers") => set \cap Out(adopted[g]) = {}
       /\ charter' = Append(charter, set)
  /\ base' = Append(base, adopted[g])
  /\ since' = IF Has("adoption") THEN since ELSE [since EXCEPT ![Len(charter) + 1] = 0]
  /\ UNCHANGED <<adopted, wire, got>>

(* From here on it acknowledges nothing of an older version. *)
Adopt(g) ==
  /\ \E v \in Known : v > adopted[g] /\ adopted' = [adopted EXCEPT ![g] = v]
  /\ since' = Noted(adopted')
  /\ UNCHANGED <<charter, base, wire, got>>

(* ------------------------------------------------------ the lease ------- *)

Ping(g) ==
  /\ wire[g] = Nothing /\ g \in charter[adopted[Subject]]
  /\ wire' = [wire EXCEPT ![g] = [is |-> "ping", ver |-> adopted[Subject], age |-> 0]]
  /\ UNCHANGED <<charter, base, adopted, got, since>>

(* A guardian acknowledges only pings of the version that it has adopted, and only of who is in it. *)
Acknowledge(g) ==
  /\ wire[g].is = "ping"
  /\ Has("same-version") => wire[g].ver = adopted[g]
  /\ Subject \in charter[adopted[g]]
  /\ wire' = [wire EXCEPT ![g].is = "ack"]
  /\ UNCHANGED <<charter, base, adopted, got, since>>

Receive(g) ==
  /\ wire[g].is = "ack"
  /\ wire' = [wire EXCEPT ![g] = Nothing]
  /\ got' = [got EXCEPT ![g] = IF Has("from-sending") THEN wire[g] ELSE [wire[g] EXCEPT !.age = 0]]
  /\ UNCHANGED <<charter, base, adopted, since>>

Lose(g) ==
  /\ wire[g].is = "ping"
  /\ wire' = [wire EXCEPT ![g] = Nothing]
  /\ UNCHANGED <<charter, base, adopted, got, since>>

Older(m) == IF m.age + 1 >= Horizon THEN Nothing ELSE [m EXCEPT !.age = @ + 1]

Tick ==
  /\ wire' = [g \in Others |-> Older(wire[g])]
  /\ got' = [g \in Others |-> Older(got[g])]
  /\ since' = [v \in 1..Versions |-> IF since[v] >= Horizon THEN since[v] ELSE since[v] + 1]
  /\ UNCHANGED <<charter, base, adopted>>

Next ==
  \/ Tick
  \/ \E g \in Gateways : Propose(g) \/ Adopt(g)
  \/ \E g \in Others : Ping(g) \/ Acknowledge(g) \/ Receive(g) \/ Lose(g)

Safety == Init /\ [][Next]_vars

(* ------------------------------------------------------ what follows ---- *)

(* The Subject's clock may be behind by Drift: then it takes its lease for running that much longer. *)
Counts(g, v) ==
  \/ g = Subject
  \/ got[g].age < Length + Drift /\ (Has("same-version") => got[g].ver = v)

Quorum(set) == IF Has("majority") THEN Majority(set) ELSE Majority(set) - 1

Holds ==
  LET v == adopted[Subject] IN
  /\ Subject \in charter[v]
  /\ Cardinality({g \in charter[v] : Counts(g, v)}) >= Quorum(charter[v])

(* What any other gateway may take for true: a charter that has left the Subject out has been in force  *)
(* so long.  One that it has not joined yet says nothing of it.                                         *)
LeaseOut ==
  \E v \in Known :
    /\ Subject \notin charter[v]
    /\ Has("left-out") => \E u \in 1..(v - 1) : Subject \in charter[u]
    /\ since[v] # Never
    /\ since[v] >= (IF Has("margin") THEN Length + Drift ELSE Length)

LeaseOutIsTrue == LeaseOut => ~Holds

(* Both happen, or the above says nothing; each is checked to be violated. *)
NeverOut == ~LeaseOut
NeverHeldByTheSecond == ~(Holds /\ adopted[Subject] = 2)
=============================================================================
