package io.silkstone.base.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * One directory of a disk, which nobody else writes to. What is promised is what a file system
 * promises: whatever was not synchronised may be there after a crash, or be missing, or be there in
 * part, in any order. Threads: one at a time.
 */
public interface Disk extends AutoCloseable {
    /** A file that is written to. */
    interface Writer extends AutoCloseable {
        /** Writes {@code bytes} at {@code offset}. When it fails, a part may have been written. */
        void write(long offset, ByteBuffer bytes) throws IOException;

        /** Cuts the file off after {@code length} bytes; a shorter one stays as it is. */
        void truncate(long length) throws IOException;

        /**
         * Returns when the file's content will survive whatever happens. When it fails, nothing is
         * known of what was written since the last time, and trying again says nothing. Costs most
         * disks much less when the file has not become longer since the last time.
         */
        void sync() throws IOException;

        @Override
        void close() throws IOException;
    }

    /** Where it is, for messages. */
    String path();

    /** Names of all files. */
    List<String> names() throws IOException;

    /** How many bytes a file has. */
    long length(String name) throws IOException;

    /** All bytes of a file. */
    byte[] read(String name) throws IOException;

    /** Bytes of a file from {@code offset} on: {@code length} of them, fewer where it ends. */
    byte[] read(String name, long offset, int length) throws IOException;

    /** Opens a file for writing, an empty one if there is none of that name. */
    Writer open(String name) throws IOException;

    /**
     * Renames a file, in one step also if the process crashes; one that was called {@code to} is
     * gone. Who writes to it goes on doing so.
     */
    void rename(String from, String to) throws IOException;

    /** Removes a file. */
    void delete(String name) throws IOException;

    /** Returns when the names of the files will survive whatever happens. */
    void sync() throws IOException;

    @Override
    void close() throws IOException;
}
