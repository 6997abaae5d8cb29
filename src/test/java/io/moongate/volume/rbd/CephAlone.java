package io.moongate.volume.rbd;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * Tests that stop daemons of the Ceph of all tests: nobody else uses it meanwhile. After those that
 * need not wait for anybody.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ResourceLock(CephCluster.LOCK)
@Order(Integer.MAX_VALUE - 1)
@interface CephAlone {}
