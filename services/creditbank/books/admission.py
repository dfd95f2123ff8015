"""Invariants of what comes into the books: files, what waited for its learner, institutions, validity."""

from typing import Final

from services.creditbank.books.rules import Check

ADMISSION: Final = (
    Check(
        8,
        "what files, claims and reactions say was posted is in the books, of the learner they name",
        """
        select 'file' as place, i.file, i.number from posting_item i left join entry e on e.id = i.entry
        where i.outcome = 'posted' and (e.id is null or i.learner <> e.learner)
        union all
        select 'suspense', s.id, null from suspense s left join entry e on e.id = s.entry
        where s.state = 'posted' and e.key_hash is distinct from s.key_hash
        union all
        select 'reaction', c.id, null from xapi_claim c join rule r on r.id = c.rule
        where c.state = 'posted' and (
          not exists (select from entry e where e.learner = c.learner and e.id = c.entry)
          or (select count(*) from xapi_evidence v where v.claim = c.id)
            <> json_array_length(r.document -> 'conditions'))
        """,
    ),
    Check(
        8,
        "the counts of each file are those of its items",
        """
        select f.id as file from posting_file f left join (
          select file, count(*) as items, count(*) filter (where outcome = 'posted') as posted,
            count(*) filter (where outcome = 'replayed') as replayed,
            count(*) filter (where outcome = 'refused') as refused,
            count(*) filter (where outcome = 'conflict') as conflicts,
            count(*) filter (where outcome = 'suspended') as suspended
          from posting_item group by file) i on i.file = f.id
        where f.state in ('posted', 'judged') and
          (f.items, f.posted, f.replayed, f.refused, f.conflicts, f.suspended) is distinct from
          (i.items, i.posted, i.replayed, i.refused, i.conflicts, i.suspended)
        """,
    ),
    Check(
        12,
        "deposited lots of a scheme whose credits expire do so when it says",
        """
        select t.learner, t.scheme, t.number from lot t join scheme s on s.id = t.scheme
        join entry e on e.learner = t.learner and e.scheme = t.scheme and e.sequence = t.number and e.kind = 1
        where s.valid_months is not null and t.expires_on is distinct from
          (t.earned_on + make_interval(months => s.valid_months))::date
        """,
    ),
    Check(
        16,
        "nobody approved the file they sent, nor registered an institution they reviewed",
        """
        select 'file' as place, id from posting_file where decided_by = client
          or needs_approval and state = 'posted' and decided_by is null
        union all
        select 'institution', c.id from standing_change c join lateral (
          select p.act, p.by from standing_change p where p.institution = c.institution and p.id < c.id
          order by p.id desc limit 1) p on true
        where c.act in ('register', 'reinstate') and (p.by = c.by
          or p.act <> case c.act when 'register' then 'review' else 'suspend' end)
        """,
    ),
)
