-- What a credit of a scheme is worth, how long it lasts, and how its institutions grade.
alter table scheme
  add column unit_en varchar not null default 'credit',
  add column unit_zh varchar not null default '学分',
  add column hours_per_credit integer constraint ck_scheme_hours_per_credit check (hours_per_credit > 0),
  add column credits_per_year integer constraint ck_scheme_credits_per_year check (credits_per_year > 0),
  add column rounding varchar not null default 'down' constraint ck_scheme_rounding
    check (rounding in ('down', 'half_up', 'half_even')),
  add column valid_months smallint constraint ck_scheme_valid_months check (valid_months between 1 and 1200),
  add column level_framework varchar,
  add column levels varchar[] not null default '{}'

create table grading_scale (
  scheme smallint not null,
  code varchar not null,
  version integer not null,
  title_en varchar not null,
  title_zh varchar not null,
  grades json not null,
  added_at timestamptz not null default now(),
  constraint pk_grading_scale primary key (scheme, code, version)
)
