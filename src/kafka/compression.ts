import { compressionsAlgorithms } from '@platformatic/kafka'
// A default import: Node's scan of this CommonJS package does not find all of its names.
import kafkajs from 'kafkajs'

const { CompressionCodecs, CompressionTypes } = kafkajs
const { snappy, lz4, zstd } = compressionsAlgorithms

/** kafkajs knows gzip alone, and stops at a batch that others compressed otherwise. The codecs are the other client's. */
export const knowAllCompressions = (): void => {
  for (const [type, { compressSync, decompressSync }] of [
    [CompressionTypes.Snappy, snappy],
    [CompressionTypes.LZ4, lz4],
    [CompressionTypes.ZSTD, zstd],
  ] as const) {
    CompressionCodecs[type] = () => ({
      compress: async ({ buffer }: { buffer: Buffer }) => compressSync(buffer),
      decompress: async (buffer: Buffer) => decompressSync(buffer),
    })
  }
}
