-- A user name and password for an organisation's learning record store; the password is random, so one round of
-- SHA-256 keeps it.
create table xapi_credential (
  id uuid constraint pk_xapi_credential primary key,
  organisation uuid not null,
  name varchar not null,
  username varchar not null,
  digest bytea not null,
  scopes text[] not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  constraint uq_xapi_credential_username unique (username)
)

create index ix_xapi_credential_organisation_id on xapi_credential (organisation, id)

create table xapi_credential_change (
  id uuid constraint pk_xapi_credential_change primary key,
  credential uuid not null,
  act varchar not null constraint ck_xapi_credential_change_act check (act in ('issued', 'revoked')),
  by uuid not null,
  at timestamptz not null default now()
)

create index ix_xapi_credential_change_credential on xapi_credential_change (credential)

-- Documents of activity state, of agents and of activities. Names may be as long as an address allows, so keys are
-- SHA-256: `context` of what the document belongs to (kind, activity, agent, registration), `name` of its own id.
create table xapi_document (
  organisation uuid not null,
  context bytea not null,
  name bytea not null,
  kind varchar not null constraint ck_xapi_document_kind check (kind in ('state', 'agent', 'activity')),
  agent bytea,
  activity varchar,
  registration uuid,
  id varchar not null,
  content_type varchar not null,
  content bytea not null,
  etag varchar not null,
  modified_at timestamptz not null default now(),
  constraint pk_xapi_document primary key (organisation, context, name)
)

-- all documents of one agent, for that agent's own record and its erasure
create index ix_xapi_document_organisation_agent on xapi_document (organisation, agent) where agent is not null

-- What activities are called, merged from the statements that may define them.
create table xapi_activity (
  organisation uuid not null,
  key bytea not null,
  id varchar not null,
  definition jsonb not null,
  constraint pk_xapi_activity primary key (organisation, key)
)

-- The definition of an activity after a further one (xAPI 1.0.3, part two, 2.4.4.1): language by language and extension by extension;
-- parts of an interaction of another kind make no sense any more.
create function merged_definition(old jsonb, new jsonb) returns jsonb
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select case when old is null then new else
    case
      when new ? 'interactionType' and old -> 'interactionType' is distinct from new -> 'interactionType'
      then old - array['correctResponsesPattern', 'choices', 'scale', 'source', 'target', 'steps']
      else old
    end
    || new
    || (select coalesce(jsonb_object_agg(part, (old -> part) || (new -> part)), '{}')
      from unnest(array['name', 'description', 'extensions']) as part
      where jsonb_typeof(old -> part) = 'object' and jsonb_typeof(new -> part) = 'object')
  end
$$

create aggregate merged_definitions (jsonb) (sfunc = merged_definition, stype = jsonb, parallel = safe)

-- Sets the canonical definitions of activities, given as [{"id", "definition"}] in the order of their statements. Rows
-- are locked in the order of their keys, and only those that would change: batches over the same activities neither
-- wait for one another for nothing nor in a circle, if each calls this once.
create function define_activities(organisation uuid, activities jsonb) returns void
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into xapi_activity as a (organisation, key, id, definition)
  select $1, g.key, g.id, g.definition
  from (
    select sha256(convert_to(e.item ->> 'id', 'UTF8')) as key, e.item ->> 'id' as id,
      merged_definitions(e.item -> 'definition' order by e.place) as definition
    from jsonb_array_elements($2) with ordinality as e (item, place)
    where jsonb_typeof(e.item -> 'definition') = 'object'
    group by e.item ->> 'id'
  ) g
  left join xapi_activity k on k.organisation = $1 and k.key = g.key
  where k.key is null or k.definition is distinct from merged_definition(k.definition, g.definition)
  order by g.key
  on conflict on constraint pk_xapi_activity do update
    set definition = merged_definition(a.definition, excluded.definition);
end $$
