/* Line entry and cells of an order. Without this each row is a form with a button, and pasting goes through its own
   field; with it rows save when left, answers fill only what nobody is typing in, and the entry is ready again. */
(function () {
  "use strict";

  var FIELDS = ["quantity", "price", "discount"];

  function el(id) { return document.getElementById(id); }

  function isCell(target) { return target.matches && target.matches("[data-order] .cell"); }

  /* Every form of the page sends the version that the page knows now, not the one it was drawn with. */
  document.addEventListener("htmx:configRequest", function (event) {
    var known = el("order-version");
    if (known && event.detail.elt.closest("[data-order]") && event.detail.verb === "post") {
      event.detail.parameters.version = known.value;
    }
  });

  /* -- cells ------------------------------------------------------------------------------------------------- */

  /* The saved values come beside the message; a field in which somebody has typed on since keeps its text. */
  function fillRow(note) {
    var row = note.closest("[data-line]");
    if (!row || !note.hasAttribute("data-quantity")) { return; }
    FIELDS.forEach(function (name) {
      var field = el("line-" + row.getAttribute("data-line") + "-" + name);
      var saved = note.getAttribute("data-" + name);
      if (!field) { return; }
      if (field !== document.activeElement || field.value === field.getAttribute("data-sent")) { field.value = saved; }
      field.defaultValue = saved;
    });
  }

  document.addEventListener("htmx:beforeRequest", function (event) {
    var form = event.detail.elt;
    if (!form.matches || !form.matches("[data-row-form]")) { return; }
    Array.prototype.forEach.call(form.elements, function (field) {
      if (field.classList.contains("cell")) { field.setAttribute("data-sent", field.value); }
    });
  });

  document.addEventListener("keydown", function (event) {
    if (!isCell(event.target)) { return; }
    if (event.key === "Escape") { event.target.value = event.target.defaultValue; }
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      event.target.blur();
      event.target.focus();
    }
  }, true);

  document.addEventListener("focusin", function (event) {
    if (isCell(event.target)) { event.target.select(); }
  });

  /* -- an act of the order waits for what was typed before it -------------------------------------------------- */

  var meant = null;

  function isSaving() { return document.querySelector("[data-row-form].htmx-request"); }

  /* Lines that were typed or pasted and not added yet, and cells that were refused. */
  function unsent() {
    var cells = Array.prototype.slice.call(document.querySelectorAll("[data-order] .cell"));
    return [el("entry"), el("rows")].concat(cells).filter(function (field) {
      return field && (isCell(field) ? field.value !== field.defaultValue : field.value.trim());
    })[0];
  }

  function sayUnsent(field) {
    var notice = document.createElement("p");
    notice.className = "notice notice-wait";
    notice.setAttribute("role", "alert");
    notice.textContent = "“" + field.value.trim().slice(0, 60) + "” is not on the order yet: " +
      (isCell(field) ? "correct it, or press Escape to take back what was there." : "add it, or empty the field.");
    el("notice").replaceChildren(notice);
    openAround(field);
    field.focus();
  }

  document.addEventListener("submit", function (event) {
    var field, isAct = event.target.closest("#order-totals");
    if (!isAct) { return; }
    field = isSaving() ? null : unsent();
    if (!field && !isSaving()) { return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    if (field) { sayUnsent(field); } else { meant = event.target.getAttribute("action"); }
  }, true);

  function doWhatWasMeant() {
    var action = meant;
    if (!action || isSaving()) { return; }
    meant = null;
    Array.prototype.filter.call(document.querySelectorAll("#order-totals form"), function (form) {
      return form.getAttribute("action") === action;
    }).slice(0, 1).forEach(function (form) { form.requestSubmit(); });
  }

  /* Asked of the form that sent it: the answer may have put another order in its place. That one carries marks of the
     old until it has settled. */
  document.addEventListener("htmx:afterRequest", function (event) {
    if (!event.detail.requestConfig.elt.matches("[data-row-form]")) { return; }
    if (event.detail.xhr.status >= 400 || !event.detail.xhr.status) { meant = null; }
    setTimeout(doWhatWasMeant, 50);
  });

  /* -- entry -------------------------------------------------------------------------------------------------- */

  document.addEventListener("htmx:afterSettle", function (event) {
    var root = event.detail.elt;
    if (!root || !root.matches) { return; }
    if (root.matches("#entry-answer[data-added]")) {
      root.removeAttribute("data-added");
      el("entry").value = "";
      if (!isCell(document.activeElement)) { el("entry").focus(); }  // who went on to a cell stays there
    }
    if (root.matches(".line-note")) { fillRow(root); }
  });

  /* Several rows do not fit into one field: they go into the one for pasting. */
  document.addEventListener("paste", function (event) {
    var text = event.clipboardData && event.clipboardData.getData("text");
    var rows = el("rows");
    if (!rows || event.target.id !== "entry" || !/[\r\n\t]/.test((text || "").trim())) { return; }
    event.preventDefault();
    openAround(rows);
    rows.value = text;
    rows.focus();
  });

  /* -- what is folded opens when a link leads there ------------------------------------------------------------ */

  function openAround(target) {
    for (var fold = target; fold; fold = fold.parentElement) {
      if (fold.tagName === "DETAILS") { fold.open = true; }
    }
  }

  function openAddressed() {
    var target = location.hash.length > 1 && el(decodeURIComponent(location.hash.slice(1)));
    if (target && target.closest("details.more")) { openAround(target); }
  }

  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest('a[href^="#"]');
    var target = link && el(link.getAttribute("href").slice(1));
    if (target && target.closest("details.more")) { openAround(target); }
  });

  window.addEventListener("hashchange", openAddressed);
  document.addEventListener("DOMContentLoaded", openAddressed);
}());
