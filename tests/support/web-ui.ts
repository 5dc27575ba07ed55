import { chromium, type Locator, type Page } from 'playwright-core'
import { ensureChromium } from '#stack/chromium.ts'

/** The Temporal Web UI in a real browser, used as an operator uses it: what it shows, and its forms. */
export interface WebUi extends AsyncDisposable {
  open(workflowId: string): Promise<WorkflowPage>
}

export interface WorkflowPage {
  /** `Running`, `Completed`, … as the page says. */
  status(): Promise<string>
  searchAttributes(): Promise<Record<string, unknown>>
  /** The workflow's own words, as text. */
  currentDetails(): Promise<string>
  /** Runs a query from its form. */
  query(name: string): Promise<unknown>
  /** Sends a signal from its form, with the one JSON value that the form takes, or none. */
  signal(name: string, input?: unknown): Promise<void>
  screenshot(file: string): Promise<void>
}

const timeoutMs = 20_000

export async function openWebUi(baseUrl: string, namespace: string): Promise<WebUi> {
  const browser = await chromium.launch({ executablePath: await ensureChromium(), args: ['--no-sandbox'] })
  return {
    async open(workflowId) {
      const page = await browser.newPage({ viewport: { width: 1500, height: 1000 } })
      page.setDefaultTimeout(timeoutMs)
      await page.goto(`${baseUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`)
      await page.getByRole('heading', { name: workflowId }).waitFor()
      return workflowPage(page)
    },
    [Symbol.asyncDispose]: () => browser.close(),
  }
}

function workflowPage(page: Page): WorkflowPage {
  const tab = (name: string) => page.getByRole('tab', { name }).click()
  return {
    status: async () => (await page.locator('main').innerText()).split('\n')[1] ?? '',
    async searchAttributes() {
      await tab('Search Attributes')
      const json = await jsonIn(page.locator('main'), '"indexedFields"')
      return (json as { indexedFields: Record<string, unknown> }).indexedFields
    },
    async currentDetails() {
      await tab('User Metadata')
      // Markdown is shown in a frame of its own.
      const frame = page.frameLocator('iframe').first().locator('body')
      await frame.getByText(/\S/).first().waitFor()
      return frame.innerText()
    },
    async query(name) {
      await tab('Queries')
      await choose(page.locator('main'), 'query-select', name)
      await page.getByRole('button', { name: 'Run Query' }).click()
      return jsonIn(page.locator('main'), '{')
    },
    async signal(name, input) {
      await page.getByRole('button', { name: 'More Actions' }).click()
      await page.getByRole('menuitem', { name: 'Send a Signal' }).click()
      const form = page.locator('dialog[open]')
      await choose(form, 'signal-select', name)
      if (input !== undefined) await form.locator('[contenteditable=true]').fill(JSON.stringify(input))
      await form.getByRole('button', { name: 'Submit' }).click()
      await form.waitFor({ state: 'hidden' })
    },
    screenshot: async (file) => void (await page.screenshot({ path: file })),
  }
}

async function choose(scope: Locator, select: string, name: string): Promise<void> {
  await scope.getByTestId(`${select}-button`).click()
  await scope.getByRole('option', { name: new RegExp(`^${name}\\b`) }).click()
}

/** The JSON that the page shows in its own text. */
async function jsonIn(scope: Locator, mark: string): Promise<unknown> {
  for (const end = Date.now() + timeoutMs; ; await new Promise((resolve) => setTimeout(resolve, 200))) {
    const text = await scope.innerText()
    const start = text.lastIndexOf('\n{', text.indexOf(mark) + 1)
    try {
      return JSON.parse(text.slice(start, text.lastIndexOf('}') + 1)) as unknown
    } catch (error) {
      if (Date.now() > end) throw new Error('the page shows no JSON', { cause: error })
    }
  }
}
