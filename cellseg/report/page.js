"use strict";
const cards = [...document.querySelectorAll("#all .card")];
const dialog = document.querySelector("dialog");
let shown = 0;

function order() { return [...document.querySelectorAll("#all .card")]; }

function show(card) {
  shown = order().indexOf(card);
  dialog.querySelector(".view").replaceChildren(card.querySelector("template").content.cloneNode(true));
  dialog.querySelector("header b").textContent = card.querySelector("b").textContent;
  dialog.querySelector("header span").textContent =
    [...card.querySelectorAll("figcaption span")].map(part => part.textContent).join(" · ");
  if (!dialog.open) dialog.showModal();
}

function step(by) {
  const all = order();
  show(all[(shown + by + all.length) % all.length]);
}

function lines() { dialog.classList.toggle("plain"); }

for (const button of document.querySelectorAll(".card button"))
  button.addEventListener("click", () => show(document.getElementById(button.dataset.image)));
dialog.querySelector("#before").addEventListener("click", () => step(-1));
dialog.querySelector("#next").addEventListener("click", () => step(1));
dialog.querySelector("#lines").addEventListener("click", lines);
dialog.querySelector("#close").addEventListener("click", () => dialog.close());
document.addEventListener("keydown", event => {
  if (!dialog.open) return;
  const act = { ArrowLeft: () => step(-1), ArrowRight: () => step(1), o: lines }[event.key];
  if (act) { event.preventDefault(); act(); }
});

function number(text) { return text === "" ? -Infinity : parseFloat(text); }

const chooser = document.querySelector("#order");
chooser.addEventListener("change", () => {
  const [key, way] = chooser.value.split(" ");
  const sign = way === "down" ? -1 : 1;
  cards.sort((a, b) => sign * (number(a.dataset[key]) - number(b.dataset[key])) || a.dataset.place - b.dataset.place);
  document.querySelector("#all").append(...cards);
});

for (const head of document.querySelectorAll("table.sort th"))
  head.addEventListener("click", () => {
    const body = head.closest("table").tBodies[0], column = head.cellIndex, up = head.dataset.up !== "1";
    head.dataset.up = up ? "1" : "";
    const text = row => row.cells[column].textContent;
    const compare = head.classList.contains("n")
      ? (a, b) => number(text(a)) - number(text(b))
      : (a, b) => text(a).localeCompare(text(b), undefined, { numeric: true });
    body.append(...[...body.rows].sort((a, b) => (up ? 1 : -1) * compare(a, b)));
  });

if (location.hash.startsWith("#show-")) {
  const card = document.getElementById(location.hash.slice(6));
  if (card) show(card);
}
