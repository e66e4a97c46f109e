/* Keeps what was typed into own text fields of forms with data-draft until the server has saved it, and offers it after
   a crash or a new log-in. Only texts (textarea, and inputs marked data-draft-text): never amounts, prices or names of
   customers. Kept for this tab alone; logging out forgets it (Clear-Site-Data). */
(function () {
  "use strict";

  var SENT = "draft-sent";
  var TEXTS = "textarea, input[data-draft-text]";

  function keyOf(form) { return "draft:" + location.pathname + ":" + form.getAttribute("data-draft"); }

  /* A field may stand beside its form, which it then names. */
  function texts(form) {
    return Array.prototype.filter.call(form.elements, function (field) { return field.matches(TEXTS); });
  }

  function read(form) {
    try { return JSON.parse(sessionStorage.getItem(keyOf(form)) || "{}"); } catch (error) { return {}; }
  }

  function keep(form) {
    var kept = {};
    texts(form).forEach(function (field) {
      if (field.value !== field.defaultValue) { kept[field.name] = field.value; }
    });
    if (Object.keys(kept).length) {
      sessionStorage.setItem(keyOf(form), JSON.stringify(kept));
    } else {
      forget(form);
    }
  }

  function forget(form) { sessionStorage.removeItem(keyOf(form)); }

  function offer(form) {
    var kept = read(form);
    var fields = texts(form).filter(function (field) { return kept[field.name] && kept[field.name] !== field.value; });
    var place = fields.length && fields[0].closest(".decide-why") || form;
    if (!fields.length || place.querySelector(".draft-offer")) { return; }
    var box = document.createElement("p");
    var take = document.createElement("button");
    var drop = document.createElement("button");
    box.className = "notice notice-wait draft-offer";
    take.type = drop.type = "button";
    take.className = drop.className = "link-btn";
    take.textContent = "Take it back";
    drop.textContent = "Forget it";
    box.append("You typed something here that was not saved. ", take, " ", drop);
    take.addEventListener("click", function () {
      fields.forEach(function (field) { field.value = kept[field.name]; });
      fields[0].focus();
      box.remove();
    });
    drop.addEventListener("click", function () { forget(form); box.remove(); });
    place.prepend(box);
  }

  function offerAll(root) { root.querySelectorAll("form[data-draft]").forEach(offer); }

  document.addEventListener("input", function (event) {
    var form = event.target.form;
    if (form && form.matches("[data-draft]") && event.target.matches(TEXTS)) { keep(form); }
  });

  document.addEventListener("htmx:afterRequest", function (event) {
    var form = event.detail.elt;
    if (form.matches && form.matches("form[data-draft]") && event.detail.successful) { forget(form); }
  });

  /* A plain form leaves for another page: the draft is forgotten there unless that page says what is wrong. */
  document.addEventListener("submit", function (event) {
    if (event.target.matches("form[data-draft]")) { sessionStorage.setItem(SENT, keyOf(event.target)); }
  });

  document.addEventListener("DOMContentLoaded", function () {
    var sent = sessionStorage.getItem(SENT);
    sessionStorage.removeItem(SENT);
    if (sent && !document.querySelector(".error-sum")) { sessionStorage.removeItem(sent); }
    offerAll(document);
  });
  document.addEventListener("htmx:afterSettle", function (event) {
    if (event.detail.elt && event.detail.elt.querySelectorAll) { offerAll(event.detail.elt); }
  });
}());
