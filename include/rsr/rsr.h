// The whole public interface.
#pragma once

#include "rsr/bench.h"
#include "rsr/correlate.h"
#include "rsr/error.h"
#include "rsr/extend.h"
#include "rsr/inspect.h"
#include "rsr/memory_plan.h"
#include "rsr/metrics.h"
#include "rsr/score.h"
#include "rsr/select.h"
#include "rsr/simulate.h"
#include "rsr/student.h"
#include "rsr/table.h"
#include "rsr/teachers.h"
#include "rsr/thousands.h"
#include "rsr/verify.h"
#include "rsr/version.h"
