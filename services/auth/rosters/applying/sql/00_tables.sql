-- The working tables of one import: t_ what the set says, resolved; r_ what a reference may point to; changed_ what
-- is to be told in events. All go with the transaction.
-- Working tables are indexed before they meet stored ones: statistics of rows that this transaction has just stored
-- say that there are none, and the planner then loops over the stored ones with the working table inside.

create temp table import_mode (kind text primary key, mode text not null) on commit drop;
create temp table role_word (word text primary key, product text not null) on commit drop;

create temp table t_organisation (
  line integer, sourced_id text, name text, type text, identifier text, parent text, parent_id uuid, id uuid,
  is_known boolean, is_adopted boolean
) on commit drop;
create temp table t_session (
  line integer, sourced_id text, title text, type text, starts_on date, ends_on date, parent text,
  school_year integer, id uuid, is_known boolean
) on commit drop;
create temp table t_course (
  line integer, sourced_id text, title text, code text, session text, organisation text, organisation_id uuid,
  grades text[], subjects text[], id uuid, is_known boolean
) on commit drop;
create temp table t_class (
  line integer, sourced_id text, title text, code text, class_type text, location text, course text, course_id uuid,
  school text, school_id uuid, grades text[], subjects text[], periods text[], terms text[], id uuid,
  is_known boolean
) on commit drop;
create temp table t_term (line integer, class_id uuid, term text, session_id uuid) on commit drop;
create temp table t_user (
  line integer, sourced_id text, enabled boolean, username text, canonical text, given_name text, family_name text,
  middle_name text, preferred_name text, email text, phone text, master text, master_id uuid, id uuid,
  is_identified boolean, is_matched boolean, told_status text, told_username text, birth_date date
) on commit drop;
create temp table t_leaver (sourced_id text, id uuid) on commit drop;
create temp table t_role (
  line integer, sourced_id text, user_id text, organisation text, word text, role text, is_primary boolean,
  begins_on date, ends_on date, person_id uuid, organisation_id uuid
) on commit drop;
create temp table want_role (
  person_id uuid, organisation_id uuid, role text, roster_role text, is_primary boolean, begins_on date, ends_on date,
  id uuid, outcome text
) on commit drop;
create temp table t_role_name (sourced_id text, assignment_id uuid, known_id uuid) on commit drop;
create temp table lost_role (id uuid) on commit drop;
create temp table t_relationship (
  line integer, learner text, guardian text, relation text, child_id uuid, guardian_id uuid
) on commit drop;
create temp table want_guardian (
  child_id uuid, guardian_id uuid, relation text, id uuid, outcome text
) on commit drop;
create temp table t_enrolment (
  line integer, sourced_id text, class text, school text, user_id text, role text, is_primary boolean,
  begins_on date, ends_on date, class_id uuid, person_id uuid, known_id uuid, outcome text
) on commit drop;

create temp table r_organisation (sourced_id text, id uuid) on commit drop;
create temp table r_session (sourced_id text, id uuid) on commit drop;
create temp table r_course (sourced_id text, id uuid) on commit drop;
create temp table r_class (sourced_id text, id uuid) on commit drop;
create temp table r_user (sourced_id text, id uuid) on commit drop;

create temp table changed_organisation (id uuid) on commit drop;
create temp table changed_session (id uuid) on commit drop;
create temp table changed_course (id uuid) on commit drop;
create temp table changed_class (id uuid) on commit drop;
create temp table changed_person (id uuid) on commit drop;
create temp table changed_field (id uuid) on commit drop;
create temp table t_account (
  line integer, person_id uuid, username text, canonical text, enabled boolean, hash text
) on commit drop;
create temp table t_password (line integer, person_id uuid, hash text, is_outside boolean) on commit drop;
