// The page of what is kept of a visitor: by agent, what is remembered and what was talked, and the ways to be rid of it.

import { call } from "./api.js";
import { clean } from "./markdown.js";
import { choose, current, declined, forget, keepAlive, short, signIn, signOut } from "./wallet.js";

const root = document.getElementById("me");
root.append(document.getElementById("me-parts").content.cloneNode(true));
const part = Object.fromEntries([...root.querySelectorAll("[data-part]")].map((each) => [each.dataset.part, each]));
const WORDS = "erase everything";

let account = null;
let more = null; // cursor of further conversations
const agents = new Map(); // CAIP-19 → its part of the page

const make = (tag, props = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), props);
  element.append(...children);
  return element;
};
const day = (moment) => make("time", { dateTime: moment }, new Date(moment).toLocaleDateString([], { dateStyle: "medium" }));
const tell = (text) => part.notice.replaceChildren(...(text ? [make("p", {}, clean(text))] : []));

// A button that asks once more before it acts, and gives the focus back to what is left.
function deleting(text, sure, act) {
  const place = make("span", { className: "deleting" });
  const first = make("button", { type: "button" }, text);
  const yes = make("button", { type: "button" }, sure);
  const no = make("button", { type: "button" }, "Keep it");
  first.addEventListener("click", () => { place.replaceChildren(yes, no); no.focus(); });
  no.addEventListener("click", () => { place.replaceChildren(first); first.focus(); });
  yes.addEventListener("click", () => {
    yes.disabled = no.disabled = true;
    act().then(() => part.first.focus()).catch((error) => { yes.disabled = no.disabled = false; refused(error); });
  });
  place.append(first);
  return place;
}

function refused(error) {
  if (error.status === 401) {
    away();
    tell("Your session has ended. Sign in again.");
  } else tell(`${error.message}${error.hint ? ` ${error.hint}` : ""}`);
}

function show() {
  part.who.textContent = account ? `Signed in as ${short(account)}.` : "Sign in with your wallet to see what is kept under your account.";
  part.connect.hidden = Boolean(account);
  part.leave.hidden = part.belongings.hidden = !account;
  part.more.hidden = !more;
  if (part["chain-choice"]) part["chain-choice"].hidden = Boolean(account);
}

function away() {
  forget();
  account = more = null;
  agents.clear();
  part.agents.replaceChildren();
  show();
}

// The part of one agent: its name comes from its public document, its memories from the API.
function ofAgent(agent) {
  if (agents.has(agent)) return agents.get(agent);
  const [, chain, contract, token] = /^eip155:(\d+)\/erc721:(0x[0-9a-fA-F]{40})\/(\d+)$/.exec(agent) ?? [];
  const place = chain ? `/${chain}/${contract.toLowerCase()}/${token}` : "";
  const title = make("a", { href: place ? `/agents${place}` : "/agents" }, clean(agent));
  const memories = make("ul", { className: "kept" });
  const talks = make("ul", { className: "kept" });
  const none = make("p", { className: "fine" }, "Nothing is remembered.");
  part.agents.append(make("article", {}, make("h4", {}, title), make("h5", {}, "Remembered, in your words"), none, memories, make("h5", {}, "Conversations"), talks));
  const made = { memories, none, talks, place };
  agents.set(agent, made);
  if (place) call("GET", place).then((document) => { title.textContent = clean(document.name).slice(0, 120); }).catch(() => {});
  return made;
}

function remembered(item) {
  const { memories, none } = ofAgent(item.agent);
  const told = [clean(item.kind), item.endedOn && `no longer so since ${item.endedOn}`, item.sealed && "sealed"].filter(Boolean).join(", ");
  const row = make("li", {}, make("q", { dir: "auto" }, clean(item.words)), " ", day(item.day), told ? ` (${told}) ` : " ");
  row.append(deleting("Forget", "Forget it for good", async () => {
    await call("DELETE", `/v1/memories/${encodeURIComponent(item.id)}`);
    row.remove();
    none.hidden = memories.children.length > 0;
    tell("Forgotten.");
  }));
  memories.append(row);
  none.hidden = true;
}

function talk(each) {
  const { talks, place } = ofAgent(each.agent);
  const path = `/v1/conversations/${encodeURIComponent(each.id)}`;
  const told = [each.role, each.offRecord && "off the record", each.sealed && "sealed"].filter(Boolean).join(", ");
  const row = make("li", {}, day(each.createdAt), `, ${told} `,
    make("a", { href: `/agents${place}?conversation=${encodeURIComponent(each.id)}#talk` }, "Read"), " ",
    make("a", { href: `${path}/export`, download: `conversation-${clean(each.id)}.json` }, "Export"), " ");
  row.append(deleting("Delete", "Delete for good", async () => {
    await call("DELETE", path);
    row.remove();
    tell("Deleted.");
  }));
  talks.append(row);
}

async function load() {
  const page = await call("GET", `/v1/conversations?limit=50${more ? `&cursor=${encodeURIComponent(more)}` : ""}`);
  page.items.forEach(talk);
  more = page.cursor || null;
  show();
}

async function loadMemories() {
  let cursor = null;
  do {
    const page = await call("GET", `/v1/memories${cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`}`);
    page.items.forEach(remembered);
    cursor = page.cursor ?? null;
  } while (cursor !== null && account);
}

async function arrive(session) {
  account = session.account;
  show();
  await load();
  await loadMemories();
  if (!agents.size) part.agents.replaceChildren(make("p", {}, "None yet. Nothing is kept of you."));
}

async function connect() {
  tell("");
  await choose(part.wallets, async (wallet) => {
    if (!wallet) return tell("This browser has no wallet. Open this page in a browser that has one, or add one and load it again.");
    try {
      const session = await signIn(wallet, part.chain?.value ?? root.dataset.chains.split(",")[0]);
      part.wallets.hidden = true;
      await arrive(session);
      part.first.focus();
    } catch (error) {
      if (declined(error)) tell("You declined in the wallet. Nothing happened.");
      else refused(error);
    }
    return undefined;
  });
}

part.mine.remove();
part.connect.addEventListener("click", connect);
part.leave.addEventListener("click", async () => {
  try {
    await signOut();
    away();
    tell("You are signed out.");
    part.connect.focus();
  } catch (error) {
    refused(error);
  }
});
part.more.addEventListener("click", () => load().catch(refused));
part.words.addEventListener("input", () => { part.gone.disabled = part.words.value.trim().toLowerCase() !== WORDS; });
part.erase.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (part.words.value.trim().toLowerCase() !== WORDS) return;
  part.gone.disabled = true;
  try {
    await call("DELETE", "/v1/me");
    await signOut().catch(() => {});
    part.words.value = "";
    away();
    tell("Everything that was kept of you is erased, and you are signed out.");
    part.connect.focus();
  } catch (error) {
    part.gone.disabled = false;
    refused(error);
  }
});

show();
keepAlive(() => refused({ status: 401 }));
current().then((session) => session && arrive(session)).catch(refused);
