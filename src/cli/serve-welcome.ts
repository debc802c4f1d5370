import { COPILOTKIT_PATH } from '../serve/copilotkit.ts'
import { tilde } from '../serve/data-dir.ts'
import type { Served, ServeOptions } from '../serve/serve.ts'
import { KAR, style } from './terminal.ts'

const PREFIX_DEFAULT = 'agents'

/** What runs where, and what to try. */
export const welcome = (served: Served, { dataDir, named }: ServeOptions): string => {
  const { url, cluster, prefix, workerPids, agentIds, copilotKit } = served
  const agent = agentIds[0] ?? 'demo'
  const brokers = cluster.brokers.join(', ')
  const where = {
    named: brokers,
    found: `${brokers} (already running, process ${cluster.running?.owner.pid})`,
    embedded: `${brokers} (embedded; data in ${tilde(dataDir)})`,
  }[cluster.kind]
  const flags =
    named === undefined
      ? ''
      : ` --brokers ${named.join(',')}${prefix === PREFIX_DEFAULT ? '' : ` --prefix ${prefix}`}`
  // Without one that is asked when none is named: "kar run" would want a name.
  const isNamed = agentIds.length > 1 && !agentIds.some((id) => id === 'default' || id === 'demo')
  const body = JSON.stringify({
    threadId: 'hello',
    messages: [{ id: 'm1', role: 'user', content: 'How does it work?' }],
  })
  const rows = [
    ['Kafka', `${where}, topics ${prefix}.*`],
    [
      'Workers',
      workerPids.length === 0 ? 'none here' : `${workerPids.length} here, with ${agentIds.join(', ')}`,
    ],
    ['HTTP', url],
    [
      'CopilotKit',
      copilotKit ? `${url}${COPILOTKIT_PATH}` : 'not served: @copilotkit/runtime is not installed',
    ],
  ]
  return [
    ...rows.map(([name = '', text]) => `${style('bold', name.padEnd(11), process.stdout)}${text}`),
    '',
    'Try, in other terminals:',
    `  ${KAR} run --thread hello${isNamed ? ` --agent ${agent}` : ''}${flags} "How does it work?"`,
    `  ${KAR} connect hello${flags} --follow`,
    `  curl -N ${url}/agents/${encodeURIComponent(agent)}/run -H 'content-type: application/json' \\`,
    `    -d '${body}'`,
    '',
    'Ctrl-C stops it all.',
  ].join('\n')
}
