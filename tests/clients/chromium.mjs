// Opens an address in headless Chromium, presses a button of the consent page, and prints the text of the page that follows.
import { createRequire } from 'node:module';

const { default: puppeteer } = await import(
  createRequire(`${process.env.NODE_MODULES}/`).resolve('puppeteer-core')
);
const [address, button] = process.argv.slice(2);
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM,
  userDataDir: process.env.PROFILE,
  args: ['--no-sandbox', '--disable-gpu', '--no-proxy-server'],
});
try {
  const page = await browser.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('requestfailed', (request) => problems.push(`${request.url()}: ${request.failure()?.errorText}`));
  await page.goto(address);
  await Promise.all([page.waitForNavigation(), page.click(`#${button}`)]);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  console.log(await page.evaluate(() => document.body.innerText));
} finally {
  await browser.close();
}
