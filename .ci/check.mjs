// node check.mjs http://127.0.0.1:8080
// The status page in a real browser: exits 0 only if it shows a ready key, and a resting one whose seconds run down,
// without a console error and without a request to anywhere but Rotato's own pages. Give the rest at least 10 s.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const base = process.argv[2];
if (!base) throw new Error('usage: node check.mjs BASE-URL');
const address = new URL('/_rotato', base).href;
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-quic',
  '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
const page = await browser.newPage();
const errors = [];
page.on('console', message => { if (message.type() === 'error') errors.push(message.text()); });
page.on('pageerror', error => errors.push(String(error)));
page.on('request', request => { if (!request.url().startsWith(address)) errors.push(`request to ${request.url()}`); });

// A key's own rest, or the first of its limits that rest.
const read = () => page.locator('#cards > li').evaluateAll(cards => cards.map(card => {
  const limit = card.querySelector('.limit[data-state=resting]');
  return { name: card.querySelector('.name').textContent, state: limit ? 'resting' : card.dataset.state,
    left: (limit ?? card).querySelector('.left').textContent };
}));
const seconds = text => [...text.matchAll(/(\d+) (h|min|s)\b/g)]
  .reduce((sum, [, n, unit]) => sum + n * { h: 3600, min: 60, s: 1 }[unit], 0);

try {
  await page.goto(address);
  await page.locator('#cards > li').first().waitFor({ timeout: 10_000 });
  let proof;
  for (let tries = 0; tries < 10 && !proof; tries++) {
    const before = await read();
    await page.waitForTimeout(1500);
    const after = await read();
    const ranDown = after.findIndex(({ state, left }, i) =>
      state === 'resting' && before[i].state === 'resting' && 0 < seconds(left) && seconds(left) < seconds(before[i].left));
    if (ranDown >= 0 && after.some(({ state }) => state === 'ready'))
      proof = `${after[ranDown].name} rests: "${before[ranDown].left}", then "${after[ranDown].left}"`;
  }
  if (!proof) throw new Error('there was no ready key beside a resting one whose seconds ran down');
  if (!/^\d+ of \d+ keys? ready - Rotato$/.test(await page.title())) throw new Error(`title: ${await page.title()}`);
  // The rules of WCAG that a program can check: contrast, names for screen readers, keyboard.
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  if (violations.length) throw new Error(violations.map(rule => `${rule.id}: ${rule.help}`).join('\n'));
  if (errors.length) throw new Error(errors.join('\n'));
  console.log(`status page: ${await page.title()}; ${proof}; no console error, nothing for axe`);
} catch (error) {
  console.error(`status page: ${error.message}\nIt showed:\n${await page.locator('body').innerText()}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
