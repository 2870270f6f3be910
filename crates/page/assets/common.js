// What all parts of a page share.
// Text from tables goes into the page as text only, and into plotly, which reads some marks, escaped.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);

// Wong 2011, without black and the yellow that is too light for lines; then a sequence for more than these.
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "star"];
const VIRIDIS = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
];
const FEW = 6; // Numbers up to so many are told apart by hues.
const SHADES = 40; // Of a scale.
const MOST_PANELS = 12;
const MOST_LAWS = 16; // In the legend.
const ROWS = 50; // Of a table at a time.

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key in made && key !== "list") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

const isNumber = (value) => typeof value === "number";
const isThere = (value) => value !== null && value !== undefined;

// Six digits, so that what differs by more than rounding looks different.
function short(value) {
  if (!isThere(value)) return "–";
  if (!isNumber(value)) return value;
  const text = Number.isInteger(value) && Math.abs(value) < 1e15 ? String(value) : String(Number(value.toPrecision(6)));
  return text.replace("-", "−");
}

// For plotly, which would read some marks of HTML.
const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

// Numbers by size, then words as they come; nothing is last.
function compare(a, b) {
  if (!isThere(a) || !isThere(b)) return Number(!isThere(a)) - Number(!isThere(b));
  if (isNumber(a) && isNumber(b)) return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

const distinct = (values) => [...new Set(values.filter(isThere))].sort(compare);

const darkness = matchMedia("(prefers-color-scheme: dark)");

// On dark paper the scale begins where it can be seen.
function viridis(share) {
  const from = darkness.matches ? 0.2 : 0;
  const place = (from + (1 - from) * Math.min(Math.max(share, 0), 1)) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(place), VIRIDIS.length - 2);
  const mixed = VIRIDIS[low].map((c, i) => Math.round(c + (VIRIDIS[low + 1][i] - c) * (place - low)));
  return `rgb(${mixed.join(",")})`;
}

function faint(colour) {
  const parts = colour.startsWith("#") ? [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)) : colour.match(/\d+/g);
  return `rgba(${[...parts].slice(0, 3).join(",")},0.2)`;
}

function save(name, rows) {
  const field = (value) => {
    const text = isThere(value) ? String(value) : "";
    return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  const text = rows.map((row) => row.map(field).join(",") + "\n").join("");
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
