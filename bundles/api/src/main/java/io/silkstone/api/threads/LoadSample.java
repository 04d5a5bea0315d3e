package io.silkstone.api.threads;

/**
 * What the load estimator saw in one interval (Arachne, section 5.2).
 *
 * @param intervalNanos length of the interval
 * @param coresHeld cores held at its end
 * @param utilisedCores busy time over the interval, in cores: 0 to coresHeld
 * @param loadFactor runnable threads per scan of a core, weighted by the scan's length; requests
 *     that a {@link CorePoller} found count as threads
 * @param runnable threads runnable at the end
 * @param occupied contexts occupied at the end
 * @param contexts contexts there are
 * @param oldestRunnableNanos how long the longest-waiting runnable thread has waited
 * @param creates threads created in the interval
 * @param rejects creations refused in the interval for want of a context
 */
public record LoadSample(
        long intervalNanos,
        int coresHeld,
        double utilisedCores,
        double loadFactor,
        int runnable,
        int occupied,
        int contexts,
        long oldestRunnableNanos,
        long creates,
        long rejects) {}
