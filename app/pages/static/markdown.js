// Text of models and holders as elements that can do nothing but be read: paragraphs, lists, emphasis, code, and links
// to https that show where they lead. Built with DOM methods only; what is not understood stays text.

const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const INLINE = /`([^`]{1,2000})`|\*\*(?=\S)(.{0,999}?\S)\*\*|(?<![\w*])\*(?=[^\s*])([^*]{0,999}[^\s*])\*(?![\w*])|(?<!\w)_(?=[^\s_])([^_]{0,999}[^\s_]|[^\s_])_(?!\w)|\[([^[\]]{1,300})\]\((https:\/\/[^\s()<>]{1,1000})\)|https:\/\/[^\s<>()[\]"'`*]{1,1000}/g;
const ITEM = /^( {0,12})(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/;
const DEEP = 4;

// Without controls and without characters that turn the reading direction.
export const clean = (text) => String(text).replace(HIDDEN, "");

const make = (tag, ...children) => {
  const element = document.createElement(tag);
  element.append(...children);
  return element;
};

function link(text, address) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return text;
  }
  // A name before the host is there to look like a host.
  if (url.protocol !== "https:" || url.username || url.password) return text;
  const made = make("a", text === address ? url.href : text);
  made.href = url.href;
  made.rel = "noopener nofollow noreferrer";
  made.target = "_blank";
  return text === address ? made : make("span", made, ` (${url.host})`);
}

function inline(text, depth = 0) {
  const parts = [];
  let at = 0;
  for (const found of depth < DEEP ? text.matchAll(INLINE) : []) {
    parts.push(text.slice(at, found.index));
    const [whole, code, strong, star, line, label, address] = found;
    if (code) parts.push(make("code", code));
    else if (strong) parts.push(make("strong", ...inline(strong, depth + 1)));
    else if (star || line) parts.push(make("em", ...inline(star || line, depth + 1)));
    else if (address) parts.push(link(label, address));
    else {
      const end = /[.,;:!?]*$/.exec(whole)[0];
      const bare = whole.slice(0, whole.length - end.length);
      parts.push(link(bare, bare), end);
    }
    at = found.index + whole.length;
  }
  parts.push(text.slice(at));
  return parts.filter((part) => part !== "");
}

const lines = (texts) => texts.flatMap((text, at) => [...(at ? [make("br")] : []), ...inline(text)]);

function list(items, depth = 0) {
  const [first] = items;
  const made = make(first.number === undefined ? "ul" : "ol");
  if (first.number > 1) made.start = first.number;
  while (items.length && items[0].indent >= first.indent) {
    const item = items.shift();
    const row = make("li", ...lines(item.texts));
    if (items.length && items[0].indent > item.indent + 1 && depth < DEEP) row.append(list(items, depth + 1));
    made.append(row);
  }
  return made;
}

export function markdown(source) {
  const made = document.createDocumentFragment();
  const rows = clean(source).split("\n");
  let paragraph = [], items = [];
  const flush = () => {
    if (paragraph.length) made.append(make("p", ...lines(paragraph)));
    while (items.length) made.append(list(items));
    paragraph = [];
  };
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at].replaceAll("\t", "    ");
    const item = ITEM.exec(row), heading = /^ {0,3}#{1,6}\s+(.*?)\s*#*$/.exec(row);
    if (/^\s*```/.test(row)) {
      flush();
      const code = [];
      while (++at < rows.length && !/^\s*```\s*$/.test(rows[at])) code.push(rows[at]);
      const block = make("pre", make("code", code.join("\n")));
      block.tabIndex = 0; // it may scroll
      made.append(block);
    } else if (!row.trim()) flush();
    else if (item) {
      if (paragraph.length) flush();
      items.push({ indent: item[1].length, number: item[3] && Number(item[3]), texts: [item[4]] });
    } else if (heading) {
      flush();
      made.append(make("p", make("strong", ...inline(heading[1]))));
    } else if (items.length && /^\s/.test(row)) items.at(-1).texts.push(row.trim());
    else {
      if (items.length) flush();
      paragraph.push(row.trim());
    }
  }
  flush();
  for (const block of made.children) block.dir = "auto";
  return made;
}
