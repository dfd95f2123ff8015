-- Whether the learner's record says that they are a student there, and since when auth says so. What differs from the
-- roles is still to be told; of those who are here already, too.
alter table learner_organisation add column told boolean not null default false, add column since date

create index ix_learner_organisation_untold on learner_organisation (organisation, learner)
  where ('student'::varchar = any(roles)) <> told
