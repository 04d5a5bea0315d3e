package io.silkstone.api.policy;

import java.time.Instant;
import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The policies of this node: installed, in use, and how it came to that. Which policy is wanted
 * comes from the configuration {@code io.silkstone.policies} (key = kind, value = name); among
 * bundles of one name the highest version is taken. When the wanted one goes away, the kind falls
 * back to another version of it, then to the built-in. Threads: any.
 */
@ProviderType
public interface PolicyDirectory {
    /** Every policy installed, built-ins included. */
    List<Entry> installed();

    /** The policy in use for {@code kind}, or null when no mechanism here has such a kind. */
    PolicyId inUse(String kind);

    /**
     * Switches {@code kind} to the policy called {@code name} and remembers the wish in the node's
     * configuration.
     *
     * @param dryRun says what would change, and changes nothing
     * @throws PolicyRefused when there is no such kind or name, or the policy failed; nothing
     *     changed
     */
    Switch use(String kind, String name, boolean dryRun) throws PolicyRefused;

    /** What is wanted by the configuration and cannot be had now, a sentence each. */
    List<String> unmet();

    /** Every switch and every failure since the node started, newest last, at most 1,000. */
    List<Event> history();

    /** Why {@code kind} has the policy that it has, and what that decided last. */
    String why(String kind);

    /**
     * One installed policy.
     *
     * @param policy which it is
     * @param state {@code in use}, {@code ready} or {@code failed}
     * @param source the bundle's symbolic name, or {@code built-in}
     */
    record Entry(PolicyId policy, String state, String source) {}

    /**
     * The outcome of {@link #use}.
     *
     * @param from policy before
     * @param to policy after
     * @param changed false for a dry run, or when {@code to} was in use already
     * @param nanos how long the hand-over took; 0 when nothing changed
     * @param note what an operator should know, one sentence
     */
    record Switch(PolicyId from, PolicyId to, boolean changed, long nanos, String note) {}

    /**
     * Something that happened to a kind of policy.
     *
     * @param time when
     * @param kind which kind
     * @param from policy before
     * @param to policy after
     * @param cause {@code command}, {@code configuration}, {@code newer version}, {@code
     *     withdrawn}, {@code failed} or {@code start}
     * @param detail one sentence
     */
    record Event(
            Instant time, String kind, PolicyId from, PolicyId to, String cause, String detail) {}
}
