import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'

/** `node temporal/worker/build-bundle.ts FILE`: writes what GOCHAT_WORKFLOW_BUNDLE names. */
if (import.meta.main) {
  const [, , file] = process.argv
  if (file === undefined) throw new Error('usage: node temporal/worker/build-bundle.ts FILE')
  const { code } = await bundleWorkflows()
  await writeFile(file, code)
}

/** All workflow code in one piece: it has no way to the outside but activities. */
export function bundleWorkflows(): Promise<{ code: string }> {
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    logger: new DefaultLogger('WARN'),
  })
}
