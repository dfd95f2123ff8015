-- The former is in 0013_departing.sql: what is disputed is settled where it happened, before the learner leaves.
create or replace function departure_refusal(
  holder bigint, books bigint[], destination text, accounts bigint[], schemes smallint[]
) returns text language sql stable as $$
  select case
    when exists (select from account_freeze f where f.learner = any(books) and f.ended_at is null) then 'account_frozen'
    when exists (select from departure d where d.learner = any(books) and d.state = 'open') then 'move_under_way'
    when exists (select from learner l where l.number = holder and l.home <> destination) then 'moved_already'
    when exists (select from account a where a.learner = any(books) and a.held + a.provisional > 0) then 'credits_held'
    when exists (select from transfer t where t.learner = any(books) and t.state = 'requested')
      or exists (select from recognition r where r.learner = any(books) and r.state in ('requested', 'assessed', 'offered'))
      or exists (select from award w where w.learner = any(books) and w.state in ('requested', 'rescinding') and w.until > now())
      or exists (select from correction c where c.learner = any(books) and c.state = 'requested')
      or exists (select from learner_case c where c.learner = any(books) and c.state in ('opened', 'evidence', 'appealed'))
    then 'requests_waiting'
    when not exists (select from account a where a.learner = any(books) and a.available > 0) then 'nothing_to_move'
    when exists (
      select from account a full join unnest(accounts, schemes) as i (learner, scheme)
        on i.learner = a.learner and i.scheme = a.scheme
      where (a.learner = any(books) or a.learner is null) and (coalesce(a.available, 0) > 0) <> (i.learner is not null))
      then 'books_changed' end
$$
