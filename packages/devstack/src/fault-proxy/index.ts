// The public names of the fault proxy.
export {
  type FaultDirection,
  type FaultProxy,
  type FaultProxyCounts,
  type FaultProxyOptions,
  type ProxyTarget,
  startFaultProxy,
} from './fault-proxy.ts';
