// Sends the messages on standard input (a JSON list of ER7 texts) to 127.0.0.1:<port> over one connection, one after the other,
// and prints, for each reply, what node-hl7-client read: one JSON object a line. Ends when <expected> replies have come.
import { Client, Message } from 'node-hl7-client'
import { readFileSync } from 'node:fs'

const [port, expected] = process.argv.slice(2).map(Number)
const texts = JSON.parse(readFileSync(0, 'utf8'))

const client = new Client({ host: '127.0.0.1' })
let seen = 0
let answered = () => {}
const connection = client.createConnection({ port }, async (response) => {
  const message = response.getMessage()
  const read = (path) => { try { return message.get(path).toString() } catch { return '' } }
  console.log(JSON.stringify({
    type: read('MSH.9'), code: read('MSA.1'), answers: read('MSA.2'), status: read('QAK.2'), total: read('QAK.4'),
    number: read('PID.3'), name: read('PID.5'), text: message.toString(),
  }))
  seen += 1
  answered()
  if (seen === expected) { client.closeAll(); process.exit(0) }
})

for (const text of texts) {
  const reply = new Promise((resolve) => { answered = resolve })
  await connection.sendMessage(new Message({ text }))
  await reply
}
