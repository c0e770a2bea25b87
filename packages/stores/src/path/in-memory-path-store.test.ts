import { InMemoryConversationData } from '../conversation/in-memory-conversation-data.ts';
import { InMemoryConversationStore } from '../conversation/in-memory-conversation-store.ts';
import { describePathMerges } from '../testing/path-merge-suite.ts';
import { describePathRefusals } from '../testing/path-refusals-suite.ts';
import { describePathStore } from '../testing/path-store-suite.ts';
import { InMemoryConversationPathStore } from './in-memory-path-store.ts';

const data = new InMemoryConversationData();
const stores = {
  paths: new InMemoryConversationPathStore(data),
  conversations: new InMemoryConversationStore(data),
};

describePathStore('InMemoryConversationPathStore', () => stores);
describePathMerges('InMemoryConversationPathStore', () => stores);
describePathRefusals('InMemoryConversationPathStore', () => stores);
