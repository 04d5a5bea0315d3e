package io.silkstone.node.config;

import io.silkstone.api.node.Node.Setting;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** The node's configuration, for the parts of this bundle. Threads: any. */
public interface ConfigStore {
    /**
     * Sets one key, in the file and in force. Comments and other keys of the file stay.
     *
     * @param value null removes the key
     * @throws IOException when the file could not be written, or has errors: nothing changed
     */
    void set(String pid, String key, String value) throws IOException;

    /**
     * What is in force for {@code pid}, empty when nothing is set.
     *
     * @throws IOException when it could not be read
     */
    Map<String, Object> values(String pid) throws IOException;

    /** The file of {@code pid}, as an operator knows it. */
    String place(String pid);

    /** Every key of every component, by PID and key. */
    List<Setting> settings();

    /** What is wrong with the files now, a sentence each. */
    List<String> problems();

    /** Files that configure nothing that is installed here, a sentence each. */
    List<String> unread();
}
