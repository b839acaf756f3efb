import { createAccount } from '../src/index.ts';
import { accountConformance } from './conformance.ts';

accountConformance('the GramJS driver', createAccount, new URL('../src/index.ts', import.meta.url));
