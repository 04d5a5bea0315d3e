package io.silkstone.simulation.cluster;

import io.silkstone.api.threads.CorePoller;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.rpc.Rpc;
import io.silkstone.threads.simulation.SimulatedProcess;
import io.silkstone.transport.memory.MemoryTransport;

/** The poller of a simulated process: as punctual as its transport and its calls need. */
final class SimulatedPoller implements CorePoller {
    /** A call that another thread starts may be due before what was known when the sleep began. */
    private static final long PARK_NANOS_MAX = 20_000_000;

    private final SimulatedProcess process;
    private final MemoryTransport transport;
    private final Rpc rpc;
    private final Runnable duty;
    private long sleeper = ThreadRuntime.NONE;

    SimulatedPoller(SimulatedProcess process, MemoryTransport transport, Rpc rpc, Runnable duty) {
        this.process = process;
        this.transport = transport;
        this.rpc = rpc;
        this.duty = duty;
        transport.onSooner(this::wakeup);
    }

    @Override
    public int poll() {
        int work = rpc.poll();
        duty.run();
        return work;
    }

    @Override
    public long park(long nanosMax) {
        long nanos = Math.min(nanosMax, Math.min(transport.nanosToNext(), rpc.nanosToNext()));
        if (nanos <= 0) {
            return 0;
        }
        sleeper = process.self();
        process.sleep(Math.min(nanos, PARK_NANOS_MAX));
        sleeper = ThreadRuntime.NONE;
        return nanos;
    }

    @Override
    public void wakeup() {
        if (sleeper != ThreadRuntime.NONE) {
            process.signal(sleeper);
        }
    }

    @Override
    public void handOver(CorePoller successor) {
        throw new IllegalStateException("a simulated core stays");
    }

    @Override
    public boolean isEmpty() {
        return true;
    }

    @Override
    public void close() {
        // The transport and the calls are their process's.
    }
}
