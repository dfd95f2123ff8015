"""Who has read what, and homework: what was given, handed in and returned."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

READING = """
create table post_read (
  person uuid not null,
  post uuid not null references post on delete cascade,
  read_at timestamptz not null,
  primary key (person, post)
);
create index post_read_post on post_read (post, person);
"""

# Homework is a post with more to say. Of what was handed in and returned every row stays, so that it is its
# own record: only a person's erasure removes some.
HOMEWORK = """
alter table post drop constraint post_kind;
alter table post add constraint post_kind check (kind in ('announcement', 'homework'));

create table assignment (
  post uuid primary key references post on delete cascade,
  due_at timestamptz,
  closes_at timestamptz,
  points bigint constraint assignment_points check (points between 1 and 1000000),
  constraint assignment_dates check (closes_at >= due_at)
);

create table submission (
  id uuid primary key,
  post uuid not null references assignment,
  student uuid not null,
  constraint submission_post_student unique (post, student)
);
create index submission_student on submission (student);

create table submission_attempt (
  id uuid primary key,
  submission uuid not null references submission,
  text text,
  links json not null,
  handed_in_at timestamptz not null,
  is_late boolean not null,
  content_hash bytea not null
    constraint submission_attempt_content_hash_length check (length(content_hash) = 32)
);
create index submission_attempt_submission on submission_attempt (submission, id);

create table submission_return (
  id uuid primary key,
  attempt uuid not null references submission_attempt,
  teacher uuid not null,
  mark bigint constraint submission_return_mark check (mark >= 0),
  comment text,
  returned_at timestamptz not null
);
create index submission_return_attempt on submission_return (attempt, id);
create index submission_return_teacher on submission_return (teacher);
"""


def upgrade() -> None:
    for statements in (READING, HOMEWORK):
        for statement in statements.split(";"):
            if statement.strip():
                op.execute(statement)
