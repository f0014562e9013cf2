// Makes the pictures of the pages: a real service, real messages through its webhook, a real browser.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DESKTOP, PHONE, openWindow, startBrowser } from '../tests/support/browser.ts';
import { message, sign } from '../tests/support/message.ts';
import { startService } from '../tests/support/service.ts';
import { fillAndForward, settingsOf, startApplications } from '../tests/browser/destinations.ts';
import { fill, SOURCES } from '../tests/browser/inbox.ts';

const TEXTS = [
  'Hello, is my order on its way?',
  'Thanks, got it!',
  'مرحبا، متى يصل الطلب؟',
  'Can I change the delivery address to the office?',
  'Rechnung bitte noch einmal senden – danke!',
  'Привет! Есть ли у вас доставка в выходные?',
  'Where is my parcel? The tracking page says that a neighbour has it.',
  'Yes, tomorrow after 6 pm',
  null,
  'Bonjour, est-ce que la taille M est disponible ?',
];
const MESSAGES = 1_200;
const DAY_MS = 86_400_000;
const directory = fileURLToPath(new URL('../docs/images/', import.meta.url));
const cleaning: (() => Promise<void> | void)[] = [];
const cleaner = { after: (clean: () => Promise<void> | void) => void cleaning.push(clean) };

/** A number from 0 to 1 that depends on `index` alone, so that each run makes the same messages. */
const spread = (index: number): number => (Math.sin(index * 12.9898) * 43_758.5453) % 1;

const service = await startService(cleaner, { env: SOURCES });
const now = Date.now();
for (let index = 0; index < MESSAGES; index += 1) {
  const wave = Math.abs(spread(index));
  // Two busy times a day.
  const ago = DAY_MS * (wave - Math.sin(4 * Math.PI * wave) * 0.06);
  const draft = message({
    from: `+9198765432${10 + Math.floor(Math.abs(spread(index + 7)) ** 2 * 14)}`,
    ts: new Date(now - ago).toISOString(),
    text: TEXTS[index % TEXTS.length],
  });
  if (index % 60 === 7) await service.post(JSON.stringify(draft), sign('other bytes'));
  await service.store(draft);
  if (index % 40 === 3) await service.store(draft);
}
await fill(service, new Date(now));
const empty = await startService(cleaner);
const env = settingsOf(
  await startApplications(cleaner, 'app', 'crm', 'audit', 'legacy', 'billing'),
);
const forwarding = await startService(cleaner, { env });
await fillAndForward(forwarding);
mkdirSync(directory, { recursive: true });
const browser = await startBrowser(cleaner);
for (const [name, view, size, colorScheme] of [
  ['overview', '', DESKTOP, 'light'],
  ['overview-dark', '', DESKTOP, 'dark'],
  ['messages', 'messages?q=parcel', DESKTOP, 'light'],
  ['detail-dark', 'messages', DESKTOP, 'dark'],
  ['overview-phone', '', PHONE, 'light'],
  ['sources', 'sources', DESKTOP, 'light'],
  ['events-dark', 'events?id=billing%3Aevt_TEST0001', DESKTOP, 'dark'],
  ['message', 'message?id=whatsapp%3Awamid.TEST0001', DESKTOP, 'light'],
  ['forwarding', 'forwarding', DESKTOP, 'light'],
  ['dead-letters-phone', 'forwarding?name=crm', PHONE, 'dark'],
  ['first-run', '', DESKTOP, 'light'],
  ['sources-phone', 'sources', PHONE, 'dark'],
] as const) {
  const shown = view.startsWith('forwarding') ? forwarding : service;
  const { port } = name === 'first-run' ? empty : shown;
  const url = `http://127.0.0.1:${port}/#/${view}`;
  const { page } = await openWindow(cleaner, browser, url, { size, colorScheme });
  await page.waitForLoadState('networkidle');
  const rows = page.getByRole('listbox').getByRole('option');
  if (view.startsWith('messages')) await rows.nth(2).waitFor();
  if (name === 'detail-dark') await rows.nth(2).click();
  if (name === 'dead-letters-phone')
    await page.getByRole('checkbox').nth(2).scrollIntoViewIfNeeded();
  // The bars are painted on the frame after their data.
  await page.waitForTimeout(500);
  await page.screenshot({ path: `${directory}${name}.png` });
}
for (const clean of cleaning.toReversed()) await clean();
