-- Who may read for a child: guardians, as auth tells of them.
create table learner_guardian (
  learner bigint not null,
  guardian uuid not null,
  constraint pk_learner_guardian primary key (learner, guardian)
)

create index ix_learner_guardian_guardian on learner_guardian (guardian)

-- Since when an entry was known, and since which day it was in force, in such a way that at any time and on any day
-- those that were are books that could have been: no part of a lot is negative. Two things stand against taking the
-- columns as they are. A writer that began earlier may have waited for the account, so that its entry comes after one
-- recorded later. And credits are earned on the day it is where they are, which may be tomorrow where the bank counts
-- its days: what is done with them is in force no earlier than they are.
create view dated_entry as
  select e.learner, e.scheme, e.sequence, e.kind, e.id, max(e.recorded_at) over book as known_at,
    case when e.kind = 1 then e.effective_on
      else max(case when e.kind <> 1 then greatest(e.effective_on, i.since) end) over book end as in_force_on
  from entry e
  left join lateral (
    select max(o.effective_on) as since
    from posting p join entry o on o.learner = p.learner and o.scheme = p.scheme and o.sequence = p.lot
    where e.kind <> 1 and p.learner = e.learner and p.entry = e.sequence and p.scheme = e.scheme) i on true
  window book as (partition by e.learner, e.scheme order by e.sequence)
