import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { createAgentRouter } from '../../src/http/index.ts'
import { KafkaAgentRunner } from '../../src/index.ts'
import type { Client } from '../contestant.ts'
import { clientOn } from './agent-runner.ts'

/** A KafkaAgentRunner, with its embedded worker as `npm start` has it, or with none. */
export const openClient = async (address: string): Promise<Client> => {
  const { brokers, worker } = JSON.parse(address)
  const runner = new KafkaAgentRunner({
    kafka: { brokers },
    prefix: 'bench',
    worker: worker ? { maxConcurrentRuns: 2_000 } : false,
  })
  await runner.start()
  let server: Server | undefined
  const close = async () => {
    server?.closeAllConnections()
    server?.close()
    await runner.close()
  }
  const serve = async () => {
    server = createServer(express().use(createAgentRouter({ runner })))
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  return { ...clientOn(runner, close), serve }
}
