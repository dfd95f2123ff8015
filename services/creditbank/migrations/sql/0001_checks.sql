-- The posting functions keep this themselves. Tests attach it, so that they are watched while they work:
-- create constraint trigger sums_to_zero after insert on posting deferrable initially deferred
--   for each row execute function posting_sums_to_zero()
create function posting_sums_to_zero() returns trigger language plpgsql as $$
begin
  if (select sum(amount) from posting where learner = new.learner and entry = new.entry and scheme = new.scheme) <> 0
  then
    raise exception 'the postings of entry % of learner % do not sum to zero', new.entry, new.learner
      using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$
