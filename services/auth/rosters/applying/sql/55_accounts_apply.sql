-- The first row with a user name gets it; others, and those whose name is taken, get it with a handle made of their
-- own id. An account is disabled when its roster says so for the first time, so that what a hand decided later stays.
-- Only the roster that owns the person speaks of the account ($1 is the source, $2 its anchor), and not of one with
-- which the person works elsewhere too.

-- A hash of another system is taken for an account that has no password yet; and again from the same roster while
-- nobody has signed in with it. A password that a person chose is never overwritten, nor does a hash count of somebody
-- who works, or has a child in care, beyond this roster's part: whoever sets a password acts as its person.
--@ step
insert into t_password
select distinct on (t.id) t.line, t.id, s.password_hash, false
from stage_user s join t_user t on t.sourced_id = s.sourced_id and t.line = s.line
join person p on p.id = t.id and p.source_id = $1::uuid
where s.password_hash is not null
order by t.id, t.line

--@ step
update t_password set is_outside = true where person_id in (
  select w.person_id from t_user t join role_assignment w on w.person_id = t.id
  join organisation o on o.id = w.organisation_id
  where (t.is_identified or t.is_matched) and w.status = 'open' and w.role not in ('student', 'guardian')
    and not $2::uuid = any(o.ancestors)
  union all
  select g.guardian_id from t_user t join guardianship g on g.guardian_id = t.id and g.status = 'open'
  join role_assignment w on w.person_id = g.child_id and w.status = 'open' and w.role = 'student'
  join organisation o on o.id = w.organisation_id
  where (t.is_identified or t.is_matched) and not $2::uuid = any(o.ancestors))

--@ check password_hash_outside user.password_hash
select line, null::text as value from t_password where is_outside

--@ step
delete from t_password where is_outside

--@ step
create index on t_password (person_id)

--@ step
analyze t_password

--@ step
insert into t_account
select distinct on (t.id) t.line, t.id, t.username, t.canonical, t.enabled, w.hash
from t_user t join person p on p.id = t.id and p.source_id = $1::uuid left join account a on a.person_id = t.id
left join t_password w on w.person_id = t.id
where t.canonical is not null and a.person_id is null
order by t.id, t.line

--@ count accounts changed
update account a set password_hash = w.hash, password_from = $1::uuid, short_password = false,
  state = case a.state when 'invited' then 'active' else a.state end
from t_password w
where a.person_id = w.person_id and a.password_changed_at is null
  and (a.password_hash is null
    or (a.password_from = $1::uuid and a.password_hash <> w.hash
      and not exists (select from session s where s.person_id = a.person_id)))

--@ count accounts new
insert into account (person_id, username, canonical, state, password_hash, password_from)
select person_id, username, canonical,
  case when not enabled then 'disabled' when hash is null then 'invited' else 'active' end,
  hash, case when hash is not null then $1::uuid end
from (select distinct on (canonical) * from t_account order by canonical, line) first_come
order by person_id
on conflict (canonical) do nothing

--@ count accounts new
insert into account (person_id, username, canonical, state, password_hash, password_from)
select t.person_id, left(t.username, 100) || '.' || handle, left(t.canonical, 100) || '.' || handle,
  case when not t.enabled then 'disabled' when t.hash is null then 'invited' else 'active' end,
  t.hash, case when t.hash is not null then $1::uuid end
from t_account t
cross join lateral (select right(t.person_id::text, 6) as handle) h
where not exists (select from account a where a.person_id = t.person_id)
on conflict (canonical) do nothing

--@ count accounts new
insert into account (person_id, username, canonical, state, password_hash, password_from)
select t.person_id, t.person_id::text, t.person_id::text,
  case when not t.enabled then 'disabled' when t.hash is null then 'invited' else 'active' end,
  t.hash, case when t.hash is not null then $1::uuid end
from t_account t
where not exists (select from account a where a.person_id = t.person_id)

--@ check username_taken user.username
select t.line, t.username as value, a.username
from t_account t join account a on a.person_id = t.person_id and a.canonical <> t.canonical

--@ step
update person_identifier i set enabled = false
from t_account t
where i.source_id = $1::uuid and i.person_id = t.person_id and not t.enabled

--@ count accounts changed
with disabled as (
  update account a set state = 'disabled'
  from t_user t join person_identifier i on i.source_id = $1::uuid and i.sourced_id = t.sourced_id
  join person p on p.id = t.id and p.source_id = $1::uuid
  where a.person_id = t.id and not t.enabled and i.enabled and a.state <> 'disabled'
    and not exists (
      select from role_assignment r join organisation o on o.id = r.organisation_id
      where r.person_id = t.id and r.status = 'open' and r.role not in ('student', 'guardian')
        and not $2::uuid = any(o.ancestors))
  returning a.person_id
)
update person_identifier i set enabled = false
from disabled d where i.source_id = $1::uuid and i.person_id = d.person_id

--@ count accounts changed
update account a set state = case when a.password_hash is null then 'invited' else 'active' end
from t_user t join person_identifier i on i.source_id = $1::uuid and i.sourced_id = t.sourced_id
where a.person_id = t.id and t.enabled and not i.enabled and a.state = 'disabled'

--@ mark
update person_identifier i set enabled = true from t_user t
where i.source_id = $1::uuid and i.sourced_id = t.sourced_id and t.enabled and not i.enabled
