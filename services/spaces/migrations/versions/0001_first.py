"""The first tables: copies of what the neighbours tell, spaces and who is in them, posts, credits.

No foreign keys across subjects: their events come in any order, and a copy may mention what is not yet
known here. What is known must be exact all the same, so every other constraint is in place.
"""

from alembic import op

from libs.common.migrations import create_inbox, create_outbox, create_uuid7, service_role

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ORGANISATIONS_AND_PEOPLE = """
create table organisation (
  id uuid primary key,
  version bigint not null,
  status text not null constraint organisation_status check (status in ('active', 'closed')),
  type text not null,
  name text not null,
  ancestors uuid[] not null,
  institution uuid not null
);
create index organisation_line on organisation using gin (ancestors);

create table person (
  id uuid primary key,
  version bigint not null,
  status text not null constraint person_status check (status in ('active', 'closed')),
  given_name text not null,
  family_name text not null,
  preferred_name text,
  name text not null
);

create table person_role (
  person uuid not null,
  organisation uuid not null,
  role text not null,
  is_primary boolean not null,
  begins_on date,
  ends_on date,
  primary key (person, organisation, role)
);
create index person_role_organisation on person_role (organisation);

create table guardian_link (
  child uuid not null,
  guardian uuid not null,
  relation text not null,
  primary key (child, guardian)
);
create index guardian_link_guardian on guardian_link (guardian, child);

create table school_class (
  id uuid primary key,
  version bigint not null,
  status text not null constraint school_class_status check (status in ('active', 'closed')),
  title text not null,
  school uuid not null,
  course uuid,
  grades text[] not null,
  subjects text[] not null,
  terms json not null,
  teachers json not null
);
create index school_class_school on school_class (school);
"""

SPACES = """
create table space (
  id uuid primary key,
  kind text not null constraint space_kind check (kind in ('personal', 'class', 'school', 'region')),
  title text not null,
  status text not null constraint space_status check (status in ('active', 'closed'))
);

create table membership (
  space uuid not null,
  role text not null,
  person uuid not null,
  basis text not null constraint membership_basis check (basis in ('class', 'organisation', 'beneath')),
  is_primary boolean not null,
  begins_on date,
  ends_on date,
  primary key (space, role, person)
);
create index membership_person on membership (person, role, space);
"""

POSTS = """
create table post (
  id uuid primary key,
  space uuid not null references space,
  author uuid not null,
  kind text not null constraint post_kind check (kind in ('announcement')),
  title text not null,
  text text not null,
  links json not null,
  status text not null constraint post_status check (status in ('published', 'removed')),
  recorded_at timestamptz not null,
  changed_at timestamptz,
  client_key bytea not null constraint post_client_key_length check (length(client_key) = 16),
  content_hash bytea not null constraint post_content_hash_length check (length(content_hash) = 32),
  constraint post_author_client_key unique (author, client_key)
);
create index post_published on post (space, id) where status = 'published';

create table post_audit (
  id uuid primary key,
  post uuid not null,
  space uuid not null,
  actor uuid not null,
  action text not null constraint post_audit_action check (action in ('published', 'changed', 'removed')),
  recorded_at timestamptz not null,
  before json
);
create index post_audit_post on post_audit (post, id);
"""

CREDITS = """
create table credit_total (
  person uuid not null,
  scheme text not null,
  institution uuid not null,
  amount bigint not null,
  entries bigint not null,
  primary key (person, scheme, institution)
);
"""


def upgrade() -> None:
    create_uuid7()
    create_outbox()
    create_inbox()
    for statements in (ORGANISATIONS_AND_PEOPLE, SPACES, POSTS, CREDITS):
        for statement in statements.split(";"):
            if statement.strip():
                op.execute(statement)
    # What was published, changed or removed stays provable: the serving role can only add to it.
    op.execute(f"revoke update, delete, truncate on post_audit from {service_role()}")
