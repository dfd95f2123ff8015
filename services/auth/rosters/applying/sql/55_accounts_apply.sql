-- The first row with a user name gets it; others, and those whose name is taken, get it with a handle made of their
-- own id. An account is disabled when its roster says so for the first time, so that what a hand decided later stays.
-- Only the roster that owns the person speaks of the account ($1 is the source, $2 its anchor), and not of one with
-- which the person works elsewhere too.

--@ step
insert into t_account
select distinct on (t.id) t.line, t.id, t.username, t.canonical, t.enabled
from t_user t join person p on p.id = t.id and p.source_id = $1::uuid left join account a on a.person_id = t.id
where t.canonical is not null and a.person_id is null
order by t.id, t.line

--@ count accounts new
insert into account (person_id, username, canonical, state)
select person_id, username, canonical, case when enabled then 'invited' else 'disabled' end
from (select distinct on (canonical) * from t_account order by canonical, line) first_come
order by person_id
on conflict (canonical) do nothing

--@ count accounts new
insert into account (person_id, username, canonical, state)
select t.person_id, left(t.username, 100) || '.' || handle, left(t.canonical, 100) || '.' || handle,
  case when t.enabled then 'invited' else 'disabled' end
from t_account t
cross join lateral (select right(t.person_id::text, 6) as handle) h
where not exists (select from account a where a.person_id = t.person_id)
on conflict (canonical) do nothing

--@ count accounts new
insert into account (person_id, username, canonical, state)
select t.person_id, t.person_id::text, t.person_id::text, case when t.enabled then 'invited' else 'disabled' end
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
