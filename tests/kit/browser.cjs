// Opens pages in Chromium and tells, as JSON, what a person and an auditor would see.
// usage: node browser.cjs JOB.json   where a job is {executable, pages: [{url, screenshot, width, actions}]}
const fs = require("node:fs");
const { chromium } = require("playwright-core");
const axe = require("axe-core");

async function main() {
  const job = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
  const browser = await chromium.launch({
    executablePath: job.executable,
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--disable-quic"],
  });
  const results = [];
  for (const page of job.pages) {
    // The page's own policy stays in force for its scripts; axe is run from outside of it.
    const context = await browser.newContext({ viewport: { width: page.width || 1100, height: 900 }, javaScriptEnabled: true });
    const tab = await context.newPage();
    const seen = { url: page.url, console: [], requests: [], dialogs: [], navigations: [] };
    tab.on("console", m => { if (m.type() === "error" || m.type() === "warning") seen.console.push(m.text()); });
    tab.on("pageerror", e => seen.console.push(String(e)));
    tab.on("request", r => seen.requests.push(r.url()));
    tab.on("dialog", d => { seen.dialogs.push(d.message()); d.dismiss(); });
    await tab.goto(page.url, { waitUntil: "load", timeout: 60000 });
    for (const action of page.actions || []) {
      if (action.fill) await tab.fill(action.fill, action.value);
      if (action.press) await tab.keyboard.press(action.press);
      if (action.submit) await Promise.all([tab.waitForNavigation({ timeout: 90000 }), tab.keyboard.press("Enter")]);
    }
    seen.final = tab.url();
    seen.title = await tab.title();
    seen.pwned = await tab.evaluate(() => window.pwned === undefined ? null : String(window.pwned));
    seen.scripts = await tab.evaluate(() => document.querySelectorAll("script").length);
    seen.handlers = await tab.evaluate(() => [...document.querySelectorAll("*")].filter(e => [...e.attributes].some(a => a.name.startsWith("on"))).length);
    seen.outside = await tab.evaluate(() => [...document.querySelectorAll("[src],[href]")].map(e => e.getAttribute("src") || e.getAttribute("href")).filter(u => /^(javascript|data|vbscript):/i.test(u || "")));
    seen.landmarks = await tab.evaluate(() => [...document.querySelectorAll("main > section > h2")].map(e => e.textContent));
    seen.overflow = await tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    // Text that does not fit its box, and parts of the page that lie on each other.
    seen.clipped = await tab.evaluate(() => [...document.querySelectorAll("h1,h2,h3,p,td,th,dd,dt,li,figcaption,pre")]
      .filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0).map(e => e.textContent.slice(0, 60)));
    seen.overlaps = await tab.evaluate(() => {
      const parts = [...document.querySelectorAll("main > section, main > section > *, figure > *")];
      return parts.slice(1).filter((e, n) => e.parentElement === parts[n].parentElement
        && e.getBoundingClientRect().top < parts[n].getBoundingClientRect().bottom - 1).map(e => e.textContent.slice(0, 60));
    });
    if (page.screenshot) await tab.screenshot({ path: page.screenshot, fullPage: !!page.full });
    if (page.pdf) {
      await tab.pdf({ path: page.pdf, preferCSSPageSize: true });
    }
    if (page.axe !== false) {
      const session = await context.newCDPSession(tab); // evaluates beside the page's policy
      await session.send("Runtime.evaluate", { expression: axe.source });
      const answer = await session.send("Runtime.evaluate", {
        expression: 'axe.run(document, {runOnly: ["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa"]}).then(r => JSON.stringify(r.violations.map(v => ({id: v.id, nodes: v.nodes.slice(0, 3).map(n => n.html)}))))',
        awaitPromise: true, returnByValue: true,
      });
      seen.violations = JSON.parse(answer.result.value || "null");
    }
    results.push(seen);
    await context.close();
  }
  await browser.close();
  process.stdout.write(JSON.stringify(results));
}
main().catch(e => { console.error(e); process.exit(1); });
