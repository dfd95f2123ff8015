create index ix_learner_case_guardian on learner_case (opened_by) where side = 'guardian'

create index ix_learner_case_appealed_by on learner_case (appealed_by) where appealed_by is not null

create index ix_case_evidence_guardian on case_evidence (added_by) where side = 'guardian'

-- What was said by and of an erased learner goes with the links to the book, whether or not there was an account; where
-- somebody erased spoke for a child, what was said stays the child's and nobody's. The former is in 0008_cases.sql.
create or replace function forget_cases() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  update learner_case c set claim = '', appeal_reasons = case when c.appealed_at is not null then '' end,
      opened_by = case when c.side = 'institution' then c.opened_by else gen_random_uuid() end,
      appealed_by = case when c.appealed_at is not null then gen_random_uuid() end,
      state = case when c.state in ('opened', 'evidence') then 'withdrawn' when c.state = 'appealed' then 'closed'
        else c.state end, version = c.version + 1
    where c.learner = old.number;
  update case_evidence e set text = '', links = '{}',
      added_by = case when e.side = 'institution' then e.added_by else gen_random_uuid() end
    where e.learner = old.number;
  update case_decision d set reasons = '' where d.learner = old.number;
  update learner_case c set opened_by = gen_random_uuid() where c.opened_by = old.id and c.side = 'guardian';
  update learner_case c set appealed_by = gen_random_uuid() where c.appealed_by = old.id;
  update case_evidence e set added_by = gen_random_uuid() where e.added_by = old.id and e.side = 'guardian';
  return null;
end $$
