"""Erasing oneself on pages."""

import re

from tests.integration.auth.life.records import Records
from tests.integration.auth.places import ADDRESS, PASSWORD, Place
from tests.integration.auth.signing_in.guests import Guest, place_of


async def test_one_asks_and_withdraws_on_the_account_page(here: Place, records: Records) -> None:
    teacher = await here.somebody(await here.organisation(), "teacher")
    browser = Guest(here.app)
    account = await browser.sign_in(teacher.username, PASSWORD)
    assert 'href="/account/erasure"' in account.text
    sure = await browser.get("/account/erasure")
    assert "for 30 days" in sure.text
    asked = await browser.send(sure, "/account/erasure")
    assert asked.headers["location"] == "/account?done=erasure-asked"
    account = await browser.get(asked.headers["location"])
    assert "Your record is to be erased" in account.text
    assert await records.count("erasure", person_id=teacher.id, asked_by=teacher.id) == 1
    assert place_of(await browser.send(sure, "/account/erasure")) == "/account", "twice is once"
    withdrawn = await browser.send(account, "/account/erasure/withdrawal")
    assert withdrawn.headers["location"] == "/account?done=erasure-withdrawn"
    again = await browser.send(account, "/account/erasure/withdrawal")
    assert again.headers["location"] == "/account"
    assert "Your record stays." in (await browser.get(withdrawn.headers["location"])).text


async def test_attack_23_a_foreign_form_erases_nobody(here: Place, records: Records) -> None:
    teacher = await here.somebody(await here.organisation(), "teacher")
    browser = Guest(here.app)
    await browser.sign_in(teacher.username, PASSWORD)
    sure = await browser.get("/account/erasure")
    foreign = await browser.send(sure, "/account/erasure", headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    own = {"Origin": ADDRESS}
    bare = await browser.http.post("/account/erasure", data={"sure": "yes"}, headers=own)
    assert bare.status_code == 403
    assert await records.count("erasure", person_id=teacher.id) == 0


async def test_pages_are_in_both_languages_and_not_for_pupils(here: Place, records: Records) -> None:
    school = await here.organisation()
    teacher, pupil = await here.somebody(school, "teacher"), await here.somebody(school)
    browser = Guest(here.app)
    await browser.sign_in(teacher.username, PASSWORD)
    page = await browser.get("/account/erasure", headers={"Accept-Language": "zh-CN"})
    assert "删除我的记录" in page.text
    assert not re.search(r"[a-z] [a-z]+ [a-z]", re.sub(r"<[^>]*>", "", page.text.split("<main")[-1]))
    young = Guest(here.app)
    account = await young.sign_in(pupil.username, PASSWORD)
    assert "/account/erasure" not in account.text
    assert (await young.get("/account/erasure")).status_code == 403
