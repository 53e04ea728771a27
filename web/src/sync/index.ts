import { Sessions } from './sessions'
import { Socket } from './socket'

const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'

export const socket = new Socket(`${scheme}//${location.host}/hocuspocus`)
export const sessions = new Sessions(socket)
