create table audit (
  position bigint not null,
  time timestamptz default now() not null,
  action varchar not null,
  actor_kind varchar not null,
  actor_id uuid,
  organisation_id uuid,
  subject_id uuid,
  data json not null,
  previous bytea not null,
  hash bytea not null,
  constraint pk_audit primary key (position),
  constraint ck_audit_actor_kind check (actor_kind in ('person', 'client', 'system'))
)

create index ix_audit_organisation_id on audit (organisation_id, position)

create index ix_audit_subject_id on audit (subject_id, position)

create function audit_hash(row_before bytea, entry audit) returns bytea language sql stable as $$
  select sha256(row_before || convert_to(
    json_build_array(
      entry.position, to_char(entry.time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
      entry.action, entry.actor_kind, entry.actor_id, entry.organisation_id, entry.subject_id, entry.data
    )::text, 'UTF8'))
$$

create function audit_chain() returns trigger language plpgsql as $$
declare
  last audit;
begin
  -- held until the transaction ends: rows are chained in the order in which they become visible
  perform pg_advisory_xact_lock(hashtext('audit'));
  select * into last from audit order by position desc limit 1;
  new.position = coalesce(last.position, 0) + 1;
  new.previous = coalesce(last.hash, sha256('audit'));
  new.hash = audit_hash(new.previous, new);
  return new;
end
$$

create trigger audit_chain before insert on audit for each row execute function audit_chain()

create function audit_break() returns bigint language sql stable as $$
  -- the first position at which the chain does not hold, null if it holds
  select min(checked.position) from (
    select entry.position,
      entry.position = row_number() over line
      and entry.previous = coalesce(lag(entry.hash) over line, sha256('audit'))
      and entry.hash = audit_hash(entry.previous, entry) as holds
    from audit entry
    window line as (order by entry.position)
  ) checked
  where not checked.holds
$$
