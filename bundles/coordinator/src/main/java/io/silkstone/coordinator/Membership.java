package io.silkstone.coordinator;

import io.silkstone.api.cluster.ServerId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The server list. A node keeps its index for ever, or until it is forgotten; each process of it is
 * a generation, told from others by the number that it drew when it started. Threads: one at a
 * time.
 */
final class Membership {
    static final int SERVERS_MAX = 1_024;

    /**
     * So many earlier processes of a node are remembered, so that what they sent is not believed.
     */
    private static final int FORMER_BOOTS_MAX = 8;

    /** A server. */
    static final class Member {
        final int index;
        final String node;
        final List<Long> formerBoots = new ArrayList<>();
        int generation;
        long boot;
        long leaseMicros;
        boolean up;

        /** Copies of its log that were begun before this one count only if they have ended. */
        long logEpoch;

        String address;
        String redisEndpoint;

        Member(int index, String node) {
            this.index = index;
            this.node = node;
        }

        ServerId id() {
            return new ServerId(index, generation);
        }
    }

    private final TreeMap<Integer, Member> members = new TreeMap<>();
    private final Map<String, Member> byNode = new HashMap<>();
    private int serverNext = 1;

    void clear() {
        members.clear();
        byNode.clear();
        serverNext = 1;
    }

    /** The server that is or was at {@code node}; null if there never was one. */
    Member at(String node) {
        return byNode.get(node);
    }

    /** Who is called {@code id}; null when nobody is, or not any more. */
    Member called(ServerId id) {
        Member member = members.get(id.index());
        return member != null && member.generation == id.generation() ? member : null;
    }

    /** A member for a node that has none. Its first generation is still to begin. */
    Member add(String node) {
        Member member = new Member(serverNext++, node);
        add(member);
        return member;
    }

    void add(Member member) {
        members.put(member.index, member);
        byNode.put(member.node, member);
    }

    void remove(Member member) {
        members.remove(member.index);
        byNode.remove(member.node);
    }

    /** A process of {@code member} begins. */
    static void begin(Member member, long boot, long leaseMicros) {
        if (member.generation > 0) {
            member.formerBoots.add(member.boot);
            if (member.formerBoots.size() > FORMER_BOOTS_MAX) {
                member.formerBoots.removeFirst();
            }
        }
        member.generation++;
        member.boot = boot;
        member.leaseMicros = leaseMicros;
        member.logEpoch = 0;
        member.up = true;
    }

    /** By index. */
    Collection<Member> all() {
        return members.values();
    }

    /** Who is up, by index. */
    List<ServerId> up() {
        return members.values().stream().filter(member -> member.up).map(Member::id).toList();
    }

    int serverNext() {
        return serverNext;
    }

    void serverNext(int next) {
        serverNext = next;
    }
}
