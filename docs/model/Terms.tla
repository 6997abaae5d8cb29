-------------------------------- MODULE Terms --------------------------------
(***************************************************************************)
(* An entity of which several incarnations write into one journal that     *)
(* fences nobody (rule 9, decision 2).  Shows what Ownership.tla takes for *)
(* granted: what is acted upon is one line of decisions.                   *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS
  Incarnations, \* how many there are, one after the other and beside one another
  Events,       \* in the journal, at most
  Without       \* the rule that is left out, "nothing" in the sound model

Has(rule) == Without # rule

VARIABLES
  term,    \* in Cassandra: the term that was taken last, by a compare-and-set
  journal, \* the events in the order in which they were written: term of the writer, event before, depth
  inc,     \* of each incarnation: where it is, its term, the event that it takes for the last
  acted    \* the events whose state was told to somebody: a reply, a push, a step

vars == <<term, journal, inc, acted>>

Root == [term |-> 0, after |-> 0, depth |-> 0]
At(e) == IF e = 0 THEN Root ELSE journal[e]

Init ==
  /\ term = 0 /\ journal = <<>> /\ acted = {}
  /\ inc = [i \in 1..Incarnations |-> [st |-> "new", term |-> 0, last |-> 0]]

(* The history that counts ends with the event of the greatest term, and the longest of these. *)
Newest ==
  IF Has("greatest-term")
  THEN CHOOSE e \in 0..Len(journal) : \A f \in 0..Len(journal) :
         \/ At(f).term < At(e).term
         \/ /\ At(f).term = At(e).term
            /\ At(f).depth <= At(e).depth
  ELSE Len(journal)

(* They are numbered as they take their terms. *)
Take(i) ==
  /\ term = i - 1
  /\ inc[i].st = (IF Has("term-first") THEN "new" ELSE "replayed")
  /\ term' = term + 1
  /\ inc' = [inc EXCEPT ![i].st = IF Has("term-first") THEN "taken" ELSE "ready", ![i].term = term + 1]
  /\ UNCHANGED <<journal, acted>>

Replay(i) ==
  /\ inc[i].st = (IF Has("term-first") THEN "taken" ELSE "new")
  /\ inc' = [inc EXCEPT ![i].st = IF Has("term-first") THEN "ready" ELSE "replayed", ![i].last = Newest]
  /\ UNCHANGED <<term, journal, acted>>

Written(i) == Append(journal, [term |-> inc[i].term, after |-> inc[i].last, depth |-> At(inc[i].last).depth + 1])

(* Before anything else an incarnation that has replayed something appends an event of its own. *)
Adopt(i) ==
  /\ inc[i].st = "ready"
  /\ IF Has("adoption") /\ inc[i].last # 0
     THEN /\ Len(journal) < Events
          /\ journal' = Written(i)
          /\ inc' = [inc EXCEPT ![i].st = "active", ![i].last = Len(journal) + 1]
     ELSE /\ inc' = [inc EXCEPT ![i].st = "active"]
          /\ UNCHANGED journal
  /\ UNCHANGED <<term, acted>>

Decide(i) ==
  /\ inc[i].st = "active" /\ Len(journal) < Events
  /\ journal' = Written(i)
  /\ inc' = [inc EXCEPT ![i].last = Len(journal) + 1]
  /\ UNCHANGED <<term, acted>>

(* After a serial read of the term: a reply, a push, a proposal to the ownership row. *)
Act(i) ==
  /\ inc[i].st = "active"
  /\ Has("confirmation") => term = inc[i].term
  /\ acted' = acted \cup {inc[i].last}
  /\ UNCHANGED <<term, journal, inc>>

Next == \E i \in 1..Incarnations : Take(i) \/ Replay(i) \/ Adopt(i) \/ Decide(i) \/ Act(i)

Safety == Init /\ [][Next]_vars

RECURSIVE Before(_, _)
Before(e, f) == e = f \/ (f # 0 /\ Before(e, At(f).after))

(* Of two decisions that anybody acted upon, one was made upon the other. *)
OneLine == \A e, f \in acted : Before(e, f) \/ Before(f, e)

(* Checked to be violated, or the above says nothing. *)
NobodyActsTwice == Cardinality({journal[e].term : e \in acted \ {0}}) < 2
=============================================================================
