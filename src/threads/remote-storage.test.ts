import {MessageChannel, type MessagePort} from 'node:worker_threads';
import {memoryStorage} from '../storage/memory.ts';
import {storageSuite} from '../storage/storage.suite.ts';
import {type Channel, Peer} from './peer.ts';
import {RemoteStorage, serveStorage} from './remote-storage.ts';

const channelOf = (port: MessagePort): Channel => ({
  post: message => port.postMessage(message),
  hear: listener => port.on('message', listener),
});

// Two ends in one thread: what travels is copied all the same.
storageSuite(
  'of another thread',
  async () => {
    const {port1, port2} = new MessageChannel();
    const store = memoryStorage();
    const served = serveStorage(store, new Peer(channelOf(port1)));
    const remote = new RemoteStorage(new Peer(channelOf(port2)), {can: store.can, mark: served.mark()});
    const close = async (): Promise<void> => {
      await RemoteStorage.prototype.close.call(remote);
      await store.close();
      port1.close();
    };
    remote.close = close;
    return {store: remote};
  },
  {lasts: false},
);
