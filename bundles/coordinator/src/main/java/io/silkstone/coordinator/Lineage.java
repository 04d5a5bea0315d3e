package io.silkstone.coordinator;

import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a tablet with replicas depends on when a server goes down, and who goes on with it.
 *
 * <p><b>After RAMCloud and Rocksteady.</b> All that a server wrote is in its log, and other servers
 * keep replicas of that. So a tablet whose owner is down is not lost: another server reads it out
 * of that log (RAMCloud's crash recovery, TOCS 2015, section 7). A tablet that moves while it is
 * used is in two logs: what has not come is in that of its source, what was written since in that
 * of its owner. Rocksteady (SOSP 2017, section 3.4) calls this dependency lineage, and has the
 * coordinator know it; its published code has none of it. The logs that a tablet depends on are
 * named in the map from the moment in which it does until its owner says that it has everything,
 * and that long their replicas are kept.
 *
 * <p>With X for the server that goes down:
 *
 * <pre>
 *   the tablet is              becomes                         depends on   epoch
 *   X's, NORMAL, LEAVING       RECOVERING, with an heir        X            new
 *   X's, MIGRATING from S      RECOVERING, with S again        X            new
 *   X's, RECOVERING            RECOVERING, with an heir        the same     new
 *   T's, MIGRATING from X      RECOVERING, with T still     X            new
 *   another's, LEAVING to X    NORMAL (as without replicas)    none         new
 * </pre>
 *
 * <p>When an operator accepts that something of a log is lost, tablets that depend on it stay as
 * they are in a new epoch, and changes of earlier ones are not known any more.
 *
 * <p>Whoever was to let go of a tablet may have done so before anybody heard of it: results of
 * requests on it are gone then, and what is known of changes begins with the new epoch.
 *
 * <p>An owner that was recovering has served nothing, and what it had written of the tablet is of
 * no use: the logs that it read are still there. It is another matter when it had the tablet
 * before, as S and T above: what they have is a part of what there is, which is to be read out of
 * their own log when they go down too. Such an owner is its tablet's peer.
 *
 * <p><b>Where it differs</b> from Rocksteady: when one of the two goes down, the other goes on with
 * what it has in memory, and reads the other's log on top. The paper has the source do so, and for
 * a source that goes down recovers the tablet from both logs. And a tablet may be cut when its
 * owner goes down, so that many recover it, see {@link RecoveryParts}: only one that is NORMAL. In
 * all other rows somebody has a part of it in memory, or has read one, in one piece and under the
 * name that it has.
 */
final class Lineage {
    private Lineage() {}

    /**
     * The tablet as it is without {@code server}, which is down.
     *
     * @param epoch above that of any tablet
     * @param isPart whether it was cut from a larger one for this, so that others have the rest
     * @return null where that is as without replicas
     */
    static Tablet without(ServerId server, Tablet tablet, long epoch, boolean isPart, Heirs heirs) {
        boolean isOwner = tablet.owner().equals(server);
        boolean isPeer = tablet.peer().equals(server);
        if (isPeer && !isOwner && tablet.state() == TabletState.MIGRATING) {
            Tablet kept = with(tablet, tablet.owner(), epoch, TabletState.RECOVERING, server);
            return beside(kept, kept.owner());
        }
        if (!isOwner) {
            return null;
        }
        boolean wasWithPeer =
                tablet.state() == TabletState.LEAVING || tablet.state() == TabletState.MIGRATING;
        boolean hasPeer = wasWithPeer && heirs.isUp(tablet.peer());
        ServerId heir;
        if (hasPeer) {
            heir = heirs.give(tablet.peer());
        } else {
            heir = isPart ? heirs.nextPart(server) : heirs.next(server);
        }
        boolean hasWritten = tablet.state() != TabletState.RECOVERING || isPeer;
        Tablet recovering =
                with(
                        tablet,
                        heir,
                        epoch,
                        TabletState.RECOVERING,
                        hasWritten ? server : ServerId.NONE);
        if (tablet.state() == TabletState.LEAVING) {
            // It may have let go of it, and of the results of requests on it.
            return recovering.withSince(epoch);
        }
        boolean isBack = hasPeer && tablet.state() == TabletState.MIGRATING;
        return isBack ? beside(recovering, heir) : recovering;
    }

    /** Nobody's peer, and dependent on {@code log} as well; NONE for no other log. */
    private static Tablet with(
            Tablet tablet, ServerId owner, long epoch, TabletState state, ServerId log) {
        List<ServerId> logs =
                Stream.concat(tablet.logs().stream(), Stream.of(log))
                        .filter(server -> !server.equals(ServerId.NONE))
                        .distinct()
                        .sorted()
                        .toList();
        return tablet.in(epoch, owner, state, ServerId.NONE).withLogs(logs);
    }

    private static Tablet beside(Tablet tablet, ServerId peer) {
        return tablet.in(tablet.epoch(), tablet.owner(), tablet.state(), peer)
                .withLogs(tablet.logs());
    }

    /** With the same owner, who does not know all that was changed before {@code epoch}. */
    static Tablet withLoss(Tablet tablet, long epoch) {
        return tablet.in(epoch, tablet.owner(), tablet.state(), tablet.peer())
                .withLogs(tablet.logs())
                .withSince(epoch);
    }

    /** With another owner, as the one that was to recover it was down already. */
    static Tablet handedOn(Tablet tablet, ServerId owner, long epoch) {
        return with(tablet, owner, epoch, TabletState.RECOVERING, ServerId.NONE);
    }
}
